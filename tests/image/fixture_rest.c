/* SPDX-License-Identifier: Apache-2.0 */
/* What fixture.c leaves open, for programs. */
int missing_function(int);
int missing_data = 7;

int missing_function(int value)
{
    return value * 2;
}
