/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/image_build.h"

bool mc_build_object(struct mc_image_build *build, struct mc_error *ret_error)
{
    (void)build;
    return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "relocatable objects are not read yet");
}
