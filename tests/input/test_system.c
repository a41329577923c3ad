/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of a made-up /proc and of this one; package owners; the loader's search, held against ld.so's own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/library_cache.h"
#include "input/package.h"
#include "input/processes.h"
#include "scanner/image_link.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static char home[64];

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void enter_home(void)
{
    strcpy(home, "/tmp/maskcheck-system-XXXXXX");
    cr_assert_not_null(mkdtemp(home));
    cr_assert_eq(chdir(home), 0);
}

static void leave_home(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    cr_assert_eq(chdir("/") | system(command), 0);
}

/* ---- processes ---- */

static void make_proc(void)
{
    enter_home();
    static const char *const folders[] = {"1", "2", "30", "400", "self"};
    for (size_t i = 0; i < COUNT(folders); i++)
        cr_assert_eq(mkdir(folders[i], 0755), 0);
    put("1/comm", "systemd\n");
    cr_assert_eq(symlink("/usr/lib/systemd/systemd", "1/exe"), 0);
    put("1/maps", "55d0-55e0 r--p 00000000 08:01 77 /usr/lib/systemd/systemd\n"
                  "55e0-55f0 r-xp 00010000 08:01 77                         /usr/lib/systemd/systemd\n"
                  "7f00-7f10 r-xp 00000000 08:01 78                         /usr/lib/libc.so.6 (deleted)\n"
                  "7f10-7f20 r-xp 00020000 08:01 78                         /usr/lib/libc.so.6 (deleted)\n"
                  "7f20-7f30 r-xp 00000000 08:01 79                         /opt/new\\012line.so\n"
                  "7f30-7f40 rw-p 00000000 00:00 0 \n"
                  "7ff0-7ff8 r-xp 00000000 00:00 0                          [vdso]\n");
    put("1/cgroup", "0::/init.scope\n");
    put("2/comm", "kthreadd\n"); /* a kernel thread: no exe, empty maps */
    put("2/maps", "");
    put("30/comm", "java\n");
    cr_assert_eq(symlink("/usr/bin/java (deleted)", "30/exe"), 0);
    put("30/maps", "1000-2000 rwxp 00000000 00:00 0 \n");
    put("30/cgroup", "12:cpu:/x\n1:name=systemd:/system.slice/docker-0123abcd.scope\n");
    put("400/comm", "cron\n");
    put("400/maps", "1000-2000 r-xp 00000000 fe:00 5 /usr/sbin/cron\n");
    put("400/cgroup", "0::/system.slice/cron.service\n");
}

Test(processes, made_up, .init = make_proc, .fini = leave_home)
{
    struct mc_processes list;
    struct mc_error error = {0};
    cr_assert(mc_processes_read(".", &list, &error), "%s", error.text);
    cr_assert_eq(list.count, 3, "pid 2 is a kernel thread");
    const struct mc_process *first = &list.items[0], *java = &list.items[1], *cron = &list.items[2];
    cr_expect_str_eq(first->name, "systemd");
    cr_expect_str_eq(first->unit, "init.scope");
    cr_expect_eq(first->map_count, 3);
    cr_expect_eq(first->maps[0].start, 0x55e0);
    cr_expect_str_eq(first->maps[1].path, "/usr/lib/libc.so.6");
    cr_expect(first->maps[1].deleted && !first->maps[0].deleted);
    cr_expect_str_eq(first->maps[2].path, "/opt/new\nline.so");
    cr_expect_not(first->generated_code);
    cr_expect_str_eq(java->exe, "/usr/bin/java");
    cr_expect(java->exe_deleted && java->generated_code);
    cr_expect_str_eq(java->container, "0123abcd");
    cr_expect_str_eq(java->unit, "docker-0123abcd.scope");
    cr_expect_str_eq(cron->unit, "cron.service");
    cr_expect_null(cron->container);
    cr_expect_null(cron->exe);
    mc_processes_free(&list);
    cr_expect_not(mc_processes_read("no-such-folder", &list, &error));
}

static const struct {
    const char *cgroup, *unit, *container;
} cgroups[] = {
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    {"0::/user.slice/user-0.slice/session-3.scope", "session-3.scope", NULL},
    {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service", "editor.service", NULL},
    {"0::/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID},
    {"0::/docker/" ID, NULL, ID},
    {"0::/kubepods/burstable/pod8a0c/" ID, NULL, ID},
    {"0::/kubepods.slice/kubepods-pod8a0c.slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID},
    {"0::/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID},
    {"0::/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", NULL},
    {"0::/lxc.payload.web/system.slice/nginx.service", "nginx.service", "web"},
    {"1:name=systemd:/lxc/web/system.slice/nginx.service", "nginx.service", "web"},
    {"0::/machine.slice/machine-web\\x2dserver.scope/payload", "machine-web\\x2dserver.scope", "web-server"},
    {"0::/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn@web.service", "web"},
    {"4:memory:/docker/" ID "\n0::/", NULL, NULL}, /* no hierarchy that names services */
    {"0::/", NULL, NULL},
#undef ID
};

Test(processes, units_and_containers, .init = enter_home, .fini = leave_home)
{
    cr_assert_eq(mkdir("7", 0755), 0);
    put("7/comm", "program\n");
    put("7/maps", "1000-2000 r-xp 00000000 fe:00 5 /usr/bin/program\n");
    for (size_t i = 0; i < COUNT(cgroups); i++) {
        struct mc_processes list;
        struct mc_error error = {0};
        put("7/cgroup", cgroups[i].cgroup);
        cr_assert(mc_processes_read(".", &list, &error), "%s", error.text);
        const char *unit = list.items[0].unit, *container = list.items[0].container;
        cr_expect(!unit == !cgroups[i].unit && (!unit || !strcmp(unit, cgroups[i].unit)), "%s: unit %s", cgroups[i].cgroup,
                  unit ? unit : "none");
        cr_expect(!container == !cgroups[i].container && (!container || !strcmp(container, cgroups[i].container)),
                  "%s: container %s", cgroups[i].cgroup, container ? container : "none");
        mc_processes_free(&list);
    }
}

Test(processes, this_one)
{
    struct mc_processes list;
    struct mc_error error = {0};
    cr_assert(mc_process_read("/proc", getpid(), &list, &error), "%s", error.text);
    char exe[512] = {0};
    cr_assert_gt(readlink("/proc/self/exe", exe, sizeof exe - 1), 0);
    cr_expect_str_eq(list.items[0].exe, exe);
    bool found = false;
    for (size_t i = 0; i < list.items[0].map_count; i++) {
        const struct mc_process_map *map = &list.items[0].maps[i];
        found = found || !strcmp(map->path, exe);
        cr_expect_not_null(mc_process_map_path("/proc", &list.items[0], map, &list.arena), "%s", map->path);
    }
    cr_expect(found, "its own program is among its mappings");
    mc_processes_free(&list);
    cr_expect_not(mc_process_read("/proc", 0x7fffffff, &list, &error));
}

/* ---- packages ---- */

static void make_dpkg(void)
{
    enter_home();
    cr_assert_eq(system("mkdir -p var/lib/dpkg/info usr/bin usr/lib opt"), 0);
    put("var/lib/dpkg/info/tool.list", "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/bin/old-style\n");
    put("var/lib/dpkg/info/libthing:amd64.list", "/lib/libthing.so.1\n/opt/thing\n");
    put("var/lib/dpkg/info/tool.conffiles", "/usr/bin/not-a-list\n");
    put("usr/bin/tool", "");
    cr_assert_eq(symlink("tool", "usr/bin/alias"), 0);
}

Test(package, owners, .init = make_dpkg, .fini = leave_home)
{
    static const char *const names[] = {"/usr/bin/tool", "/bin/tool",  "/usr/bin/old-style", "/usr/lib/libthing.so.1",
                                        "/opt/thing",    "/opt/thing", "/usr/bin/alias",     "/usr/bin/not-a-list"};
    static const char *const expected[] = {"tool", "tool", "tool", "libthing", "libthing", "libthing", "tool", NULL};
    const char *paths[COUNT(names)], *owners[COUNT(names)];
    struct mc_arena arena = {0};
    for (size_t i = 0; i < COUNT(names); i++)
        paths[i] = mc_arena_printf(&arena, "%s%s", home, names[i]);
    mc_package_owners(home, paths, COUNT(names), owners, &arena);
    for (size_t i = 0; i < COUNT(names); i++) {
        cr_expect_eq(!owners[i], !expected[i], "%s", names[i]);
        cr_expect(!owners[i] || !strcmp(owners[i], expected[i]), "%s: %s", names[i], owners[i]);
    }
    cr_expect_null(mc_package_owner("/no/such/root", "/usr/bin/tool", &arena));
    mc_arena_free(&arena);
}

/* A package that rpm itself builds and installs into a tree of its own. */
static void make_rpm(void)
{
    enter_home();
    put("thing.spec", "Name: rpm-thing\nVersion: 1\nRelease: 1\nSummary: s\nLicense: l\nBuildArch: noarch\n"
                      "%description\nd\n%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/lib64\n"
                      "echo > %{buildroot}/usr/bin/rpm-tool; echo > %{buildroot}/lib64/rpm-library.so\n"
                      "%files\n/usr/bin/rpm-tool\n/lib64/rpm-library.so\n");
    cr_assert_eq(system("mkdir -p tree/var/lib/rpm tree/usr/bin"), 0);
}

Test(package, rpm, .init = make_rpm, .fini = leave_home)
{
    static const char *const names[] = {"/usr/bin/rpm-tool", "/bin/rpm-tool", "/usr/lib64/rpm-library.so", "/usr/bin/other"};
    static const char *const expected[] = {"rpm-thing", "rpm-thing", "rpm-thing", NULL};
    const char *owners[COUNT(names)];
    struct mc_arena arena = {0};
    if (system("command -v rpmbuild >/dev/null 2>&1 && command -v rpm >/dev/null 2>&1") != 0)
        cr_skip_test("rpm is not installed");
    const char *tree = mc_arena_printf(&arena, "%s/tree", home);
    mc_package_owners(tree, names, COUNT(names), owners, &arena);
    cr_expect_null(owners[0], "no database, no owner");
    cr_assert_eq(system("HOME=$PWD rpmbuild -bb --quiet --define \"_topdir $PWD/build\" thing.spec >log 2>&1 && "
                        "rpm --dbpath $PWD/tree/var/lib/rpm --initdb >>log 2>&1 && "
                        "rpm --dbpath $PWD/tree/var/lib/rpm --justdb --nodeps -i build/RPMS/noarch/*.rpm >>log 2>&1 || "
                        "{ cat log >&2; false; }"),
                 0);
    mc_package_owners(tree, names, COUNT(names), owners, &arena);
    for (size_t i = 0; i < COUNT(names); i++)
        cr_expect(!owners[i] == !expected[i] && (!owners[i] || !strcmp(owners[i], expected[i])), "%s: %s", names[i],
                  owners[i] ? owners[i] : "none");
    mc_arena_free(&arena);
}

/* ---- the loader ---- */

/* Every library that ldd prints must be found under the same file, in the same order; and no other. */
static void compare_with_ldd(const char *path)
{
    struct mc_loader loader;
    struct mc_arena arena = {0};
    struct mc_closure closure;
    struct mc_error error = {0};
    mc_loader_open("", mc_image_link_info, &loader);
    cr_assert(mc_closure_find(&loader, path, &arena, &closure, &error), "%s: %s", path, error.text);
    char line[4096], command[4200];
    snprintf(command, sizeof command, "LC_ALL=C ldd '%s' 2>/dev/null", path);
    FILE *ldd = popen(command, "r");
    size_t count = 0;
    while (fgets(line, sizeof line, ldd)) {
        char name[1024], file[2048];
        if (sscanf(line, " %1023s => %2047s", name, file) != 2 || file[0] != '/')
            continue;
        struct stat expected, got = {0};
        bool found = false;
        for (size_t i = 0; i < closure.count; i++)
            if (!strcmp(closure.items[i].name, name) && closure.items[i].path) {
                found = stat(file, &expected) == 0 && stat(closure.items[i].path, &got) == 0 &&
                        expected.st_ino == got.st_ino;
                break;
            }
        cr_expect(found, "%s: %s is %s by ldd", path, name, file);
        count++;
    }
    cr_expect_eq(pclose(ldd), 0);
    cr_expect_eq(closure.unresolved, 0);
    cr_expect(closure.count == count || closure.count == count + 1, "%s: %zu libraries, ldd %zu and itself", path,
              closure.count, count);
    mc_arena_free(&arena);
    mc_loader_close(&loader);
}

Test(closure, as_ldd_says)
{
    static const char *const files[] = {"/bin/ls", "/usr/bin/cmake", "/usr/bin/gcc"};
    for (size_t i = 0; i < COUNT(files); i++)
        if (access(files[i], R_OK) == 0)
            compare_with_ldd(files[i]);
}

/* A made-up system: files hold "soname|rpath|runpath|needed,needed|class". What has no soname is a program. */
static bool read_fake(const char *path, struct mc_arena *arena, struct mc_link_info *ret, struct mc_error *ret_error)
{
    char text[512] = {0}, *fields[5], *rest = text;
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file)) {
        if (file)
            fclose(file);
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read");
    }
    fclose(file);
    for (size_t i = 0; i < 5; i++)
        fields[i] = mc_arena_strdup(arena, strsep(&rest, "|"));
    *ret = (struct mc_link_info){.soname = fields[0][0] ? fields[0] : NULL,
                                 .rpath = fields[1][0] ? fields[1] : NULL,
                                 .runpath = fields[2][0] ? fields[2] : NULL,
                                 .needed = MC_NEW_ARRAY(arena, 8, const char *),
                                 .interpreter = fields[0][0] ? NULL : "",
                                 .wide = !strncmp(fields[4], "64", 2)};
    char *name;
    while ((name = strsep(&fields[3], ",")) && ret->needed_count < 8)
        if (name[0])
            ret->needed[ret->needed_count++] = name;
    return true;
}

Test(closure, search_order_in_a_root, .init = enter_home, .fini = leave_home)
{
    cr_assert_eq(system("mkdir -p app/lib rp lib usr/lib32 usr/lib"), 0);
    put("app/main", "|/rp:$ORIGIN/lib||liba.so,libb.so,libmissing.so,libwide.so|64");
    put("app/lib/liba.so", "liba.so|||libc.so,liba.so|64");     /* by $ORIGIN, then its needs by main's rpath */
    put("rp/libc.so", "libc.so||/app/lib|libd.so,librp.so|64"); /* has a runpath: rpaths do not count for it */
    put("app/lib/libd.so", "libd.so||||64");
    put("rp/librp.so", "librp.so||||64");     /* out of libc.so's reach */
    cr_assert_eq(symlink("/usr/lib/real-b.so", "lib/libb.so"), 0); /* absolute: within the root */
    put("usr/lib/real-b.so", "libb.so||||64");      /* a default folder */
    put("rp/libwide.so", "libwide.so||||32"); /* wrong class: passed over */
    put("usr/lib/libwide.so", "libwide.so||||64");
    const struct {
        const char *name, *path;
    } expected[] = {{"liba.so", "/app/lib/liba.so"},
                    {"libb.so", "/usr/lib/real-b.so"},
                    {"libmissing.so", NULL},
                    {"libwide.so", "/usr/lib/libwide.so"},
                    {"libc.so", "/rp/libc.so"},
                    {"libd.so", "/app/lib/libd.so"},
                    {"librp.so", NULL}};
    struct mc_loader loader;
    struct mc_arena arena = {0};
    struct mc_closure closure;
    mc_loader_open(home, read_fake, &loader);
    cr_assert_null(loader.cache);
    cr_assert(mc_closure_find(&loader, mc_arena_printf(&arena, "%s/app/main", home), &arena, &closure, NULL));
    cr_assert_eq(closure.count, COUNT(expected), "%zu libraries", closure.count);
    cr_expect_eq(closure.unresolved, 2);
    for (size_t i = 0; i < COUNT(expected); i++) {
        const char *path = closure.items[i].path;
        cr_expect_str_eq(closure.items[i].name, expected[i].name);
        cr_expect_eq(!path, !expected[i].path, "%s", expected[i].name);
        cr_expect(!path || !strcmp(path + strlen(home), expected[i].path), "%s: %s", expected[i].name, path);
    }
    cr_expect_not(mc_closure_find(&loader, "no-such-file", &arena, &closure, NULL));
    mc_arena_free(&arena);
    mc_loader_close(&loader);
}

/* Not loaded by itself, but by a program that loaded what it needs before. */
Test(closure, a_library_looks_in_its_own_folder_last, .init = enter_home, .fini = leave_home)
{
    cr_assert_eq(system("mkdir -p app usr/lib other"), 0);
    put("app/libplugin.so", "libplugin.so|||libbeside.so,libcommon.so,libfar.so|64");
    put("app/libbeside.so", "libbeside.so|||libnext.so|64");
    put("app/libnext.so", "libnext.so||||64");
    put("app/libcommon.so", "libcommon.so||||64");
    put("usr/lib/libcommon.so", "libcommon.so||||64");
    put("other/libfar.so", "libfar.so||||64");
    put("app/program", "|||libbeside.so|64");
    const struct {
        const char *name, *path;
    } expected[] = {{"libbeside.so", "/app/libbeside.so"},
                    {"libcommon.so", "/usr/lib/libcommon.so"},
                    {"libfar.so", NULL},
                    {"libnext.so", "/app/libnext.so"}};
    struct mc_loader loader;
    struct mc_arena arena = {0};
    struct mc_closure closure;
    mc_loader_open(home, read_fake, &loader);
    cr_assert(mc_closure_find(&loader, mc_arena_printf(&arena, "%s/app/libplugin.so", home), &arena, &closure, NULL));
    cr_assert_eq(closure.count, COUNT(expected), "%zu libraries", closure.count);
    for (size_t i = 0; i < COUNT(expected); i++) {
        const char *path = closure.items[i].path;
        cr_expect_str_eq(closure.items[i].name, expected[i].name);
        cr_expect_eq(!path, !expected[i].path, "%s", expected[i].name);
        cr_expect(!path || !expected[i].path || !strcmp(path + strlen(home), expected[i].path), "%s: %s", expected[i].name, path);
    }
    cr_assert(mc_closure_find(&loader, mc_arena_printf(&arena, "%s/app/program", home), &arena, &closure, NULL));
    cr_expect_eq(closure.unresolved, 1, "a program does not start without it");
    mc_arena_free(&arena);
    mc_loader_close(&loader);
}

/* The system's cache, whole and cut at many places. */
Test(closure, a_damaged_cache_is_an_error_or_smaller)
{
    FILE *file = fopen("/etc/ld.so.cache", "r");
    if (!file)
        cr_skip_test("no /etc/ld.so.cache here");
    static uint8_t bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < size; cut += cut < 256 ? 1 : 997) {
        struct mc_arena arena = {0};
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, bytes, cut);
        struct mc_library_cache *cache = mc_library_cache_parse(copy, cut, &arena, NULL);
        cr_expect(cut >= 48 || !cache, "%zu bytes", cut);
        if (cache)
            mc_library_cache_find(cache, "libc.so.6", true);
        mc_library_cache_close(cache);
        mc_arena_free(&arena);
        free(copy);
    }
}
