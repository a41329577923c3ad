/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of files: folders, links, names that are no text, what is not a file. Each test makes a tree of its own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/walk.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static char home[64];

static void make_file(const char *path, const char *bytes, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    cr_assert_geq(file, 0, "%s", path);
    cr_assert_eq(write(file, bytes, size), (ssize_t)size);
    close(file);
}

static void make_tree(void)
{
    strcpy(home, "/tmp/maskcheck-walk-XXXXXX");
    cr_assert_not_null(mkdtemp(home));
    cr_assert_eq(chdir(home), 0);
    cr_assert_eq(mkdir("t", 0755) | mkdir("t/sub", 0755) | mkdir("t/sub/deep", 0755), 0);
    make_file("t/elf", "\177ELF....", 8);
    make_file("t/sub/archive.a", "!<arch>\nx.o/            0           0     0     644     4         `\nabcd", 72);
    make_file("t/sub/thin.a", "!<thin>\n", 8);
    make_file("t/sub/p.deb", "!<arch>\ndebian-binary   0           0     0     644     4         `\n2.0\n", 72);
    make_file("t/sub/deep/text", "hello", 5);
    make_file("t/sub/deep/empty", "", 0);
    make_file("t/new\nline", "\177ELF", 4);
    make_file("t/bad\xff\xfeutf8", "\177ELF", 4);
    cr_assert_eq(mkfifo("t/fifo", 0600), 0);
    cr_assert_eq(symlink("elf", "t/alias") | symlink("..", "t/sub/up") | symlink("nowhere", "t/dangling"), 0);
    cr_assert_eq(symlink("/bin/true", "t/sub/outside") | link("t/elf", "t/zz-hard"), 0);
}

static void remove_tree(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    cr_assert_eq(chdir("/") | system(command), 0);
}

static void check_list(const struct mc_inputs *inputs, const char *const *paths, const enum mc_input_kind *kinds,
                       size_t count)
{
    cr_assert_eq(inputs->count, count, "expected %zu files, got %zu", count, inputs->count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(inputs->items[i].path, paths[i], "expected %s, got %s", paths[i], inputs->items[i].path);
        cr_expect_eq(inputs->items[i].kind, kinds[i], "%s: expected kind %d, got %d", paths[i], kinds[i],
                     inputs->items[i].kind);
    }
}

Test(walk, folder, .init = make_tree, .fini = remove_tree)
{
    static const char *const paths[] = {
        "t/bad\xff\xfeutf8", "t/dangling",      "t/elf",         "t/fifo",      "t/new\nline", "t/sub/archive.a",
        "t/sub/deep/empty",  "t/sub/deep/text", "t/sub/outside", "t/sub/p.deb", "t/sub/thin.a"};
    static const enum mc_input_kind kinds[] = {MC_INPUT_ELF, MC_INPUT_SPECIAL, MC_INPUT_ELF,         MC_INPUT_SPECIAL,
                                               MC_INPUT_ELF, MC_INPUT_ARCHIVE, MC_INPUT_OTHER,       MC_INPUT_OTHER,
                                               MC_INPUT_ELF, MC_INPUT_PACKAGE, MC_INPUT_THIN_ARCHIVE};
    struct mc_inputs inputs = {0};
    mc_inputs_add(&inputs, "t");
    mc_inputs_finish(&inputs);
    check_list(&inputs, paths, kinds, COUNT(paths));
    cr_expect_str_eq(inputs.items[3].error->text, "a FIFO, not a regular file");
    cr_expect(inputs.items[8].link && !inputs.items[2].link, "a file is listed under a name that is no link");
    mc_inputs_free(&inputs);
}

Test(walk, named_paths, .init = make_tree, .fini = remove_tree)
{
    static const char *const paths[] = {"missing", "t/alias", "t/fifo", "t/sub/up/sub/deep/text"};
    static const enum mc_input_kind kinds[] = {MC_INPUT_ERROR, MC_INPUT_ELF, MC_INPUT_SPECIAL, MC_INPUT_OTHER};
    struct mc_inputs inputs = {0};
    for (size_t i = COUNT(paths); i; i--)
        mc_inputs_add(&inputs, paths[i - 1]);
    mc_inputs_add(&inputs, "missing");
    mc_inputs_finish(&inputs);
    check_list(&inputs, paths, kinds, COUNT(paths));
    cr_expect(inputs.items[1].named && inputs.items[1].link);
    cr_expect_str_eq(inputs.items[0].error->text, "cannot read: No such file or directory");
    mc_inputs_free(&inputs);
}

Test(walk, a_link_to_a_folder_is_followed_when_named, .init = make_tree, .fini = remove_tree)
{
    struct mc_inputs inputs = {0};
    cr_assert_eq(symlink("t/sub/deep", "folder"), 0);
    mc_inputs_add(&inputs, "folder");
    mc_inputs_add(&inputs, "t/sub/deep/"); /* the same files again */
    mc_inputs_finish(&inputs);
    cr_assert_eq(inputs.count, 2);
    cr_expect_str_eq(inputs.items[0].path, "folder/empty");
    mc_inputs_free(&inputs);
}

Test(walk, lists_by_line_and_by_zero, .init = make_tree, .fini = remove_tree)
{
    static const char lines[] = "t/elf\n\nt/sub/thin.a", zeros[] = "t/new\nline\0t/elf\0";
    const struct {
        const char *bytes;
        size_t size;
        char separator;
        const char *first;
    } rows[] = {{lines, sizeof lines - 1, '\n', "t/elf"}, {zeros, sizeof zeros - 1, 0, "t/elf"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mc_inputs inputs = {0};
        struct mc_error error = {0};
        make_file("list", rows[i].bytes, rows[i].size);
        FILE *list = fopen("list", "r");
        cr_assert(mc_inputs_add_list(&inputs, list, rows[i].separator, &error), "%s", error.text);
        mc_inputs_finish(&inputs);
        cr_expect_eq(inputs.count, 2);
        cr_expect_str_eq(inputs.items[0].path, rows[i].first);
        fclose(list);
        mc_inputs_free(&inputs);
    }
}

Test(walk, unreadable_files_are_errors_with_a_reason, .init = make_tree, .fini = remove_tree)
{
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
        cr_skip_test("runs as root, which may read everything");
    /* the tree is root's now: nobody may look into 0700 folders */
    struct mc_inputs inputs = {0};
    if (chmod("t/sub", 0) == 0) /* own tree: take the right away */
        mc_inputs_add(&inputs, "t/sub");
    else
        mc_inputs_add(&inputs, home);
    mc_inputs_finish(&inputs);
    cr_expect_eq(inputs.count, 1);
    cr_expect_eq(inputs.items[0].kind, MC_INPUT_ERROR);
    cr_expect_str_eq(inputs.items[0].error->text, "cannot read the folder: Permission denied");
    mc_inputs_free(&inputs);
    if (seteuid(getuid()) != 0 || setegid(getgid()) != 0)
        cr_skip_test("cannot become root again");
    chmod("t/sub", 0755);
}

Test(walk, classes_by_first_bytes)
{
    const struct {
        const char *bytes;
        size_t size;
        enum mc_input_kind kind;
    } rows[] = {
        {"", 0, MC_INPUT_OTHER},          {"\177EL", 3, MC_INPUT_OTHER},
        {"\177ELF", 4, MC_INPUT_ELF},     {"!<arch>\n", 8, MC_INPUT_ARCHIVE},
        {"!<arch>", 7, MC_INPUT_OTHER},   {"!<thin>\n", 8, MC_INPUT_THIN_ARCHIVE},
        {"#!/bin/sh", 9, MC_INPUT_OTHER}, {"!<arch>\ndebian-binary", 21, MC_INPUT_PACKAGE},
        {"\x1f\x8b\x08\0", 4, MC_INPUT_COMPRESSED}, {"\x1f\x8b\x08\xe0", 4, MC_INPUT_OTHER},
        {"\x1f\x8b\x07\0", 4, MC_INPUT_OTHER},      {"\xfd" "7zXZ\0", 6, MC_INPUT_COMPRESSED},
        {"\x28\xb5\x2f\xfd", 4, MC_INPUT_COMPRESSED}, {"\x5f\x2a\x4d\x18", 4, MC_INPUT_COMPRESSED},
        {"BZh91AY&SY", 10, MC_INPUT_COMPRESSED},     {"BZh01AY&SY", 10, MC_INPUT_OTHER},
        {"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", 13, MC_INPUT_COMPRESSED},
        {"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\x01", 13, MC_INPUT_OTHER},
        {"PK\3\4", 4, MC_INPUT_INDEXED},            {"PK\1\2", 4, MC_INPUT_OTHER},
        {"7z\xbc\xaf\x27\x1c", 6, MC_INPUT_INDEXED}, {"070701", 6, MC_INPUT_CPIO},
        {"\xed\xab\xee\xdb", 4, MC_INPUT_RPM},       {"hsqs", 4, MC_INPUT_SQUASHFS},
        {"\177ELF\2\1\1\0AI\2", 11, MC_INPUT_APPIMAGE}, {"\177ELF\2\1\1\0AI\3", 11, MC_INPUT_ELF},
        {"\177ELF\2\1\1\0AI", 10, MC_INPUT_ELF},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(mc_classify_bytes((const uint8_t *)rows[i].bytes, rows[i].size), rows[i].kind, "row %zu", i);
}

Test(walk, a_tar_is_known_by_the_sum_of_its_header)
{
    uint8_t header[MC_CLASSIFY_HEAD] = "name";
    cr_expect_eq(mc_classify_bytes(header, sizeof header), MC_INPUT_OTHER);
    memcpy(header + 100, "0000644", 8);
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < sizeof header; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
    cr_expect_eq(mc_classify_bytes(header, sizeof header), MC_INPUT_TAR);
    cr_expect_eq(mc_classify_bytes(header, sizeof header - 1), MC_INPUT_OTHER);
    header[200]++;
    cr_expect_eq(mc_classify_bytes(header, sizeof header), MC_INPUT_OTHER);
}
