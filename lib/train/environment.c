#define _GNU_SOURCE /* sched_getaffinity */
#include "train/environment.h"

#include <hdf5.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <yaml.h>

#include "build_info.h"
#include "core/gemm.h"
#include "util/parallel.h"

/* Copies what follows `key` and `separator` on the first line of a file that begins with `key`, without
 * quotes, or `fallback`. */
static void find_line(const char *path, const char *key, char separator, const char *fallback, char *value,
                      size_t size)
{
    snprintf(value, size, "%s", fallback);
    FILE *stream = fopen(path, "r");
    if (!stream)
        return;
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, stream)) {
        char *place = strncmp(line, key, strlen(key)) == 0 ? strchr(line, separator) : NULL;
        if (!place)
            continue;
        place += 1 + strspn(place + 1, " \t\"");
        snprintf(value, size, "%.*s", (int)strcspn(place, "\"\n"), place);
        found = true;
    }
    fclose(stream);
}

static void record_machine(dat_run *run)
{
    struct utsname host;
    bool known = uname(&host) == 0;
    char cpu[256], name[256], system[512];
    find_line("/proc/cpuinfo", "model name", ':', known ? host.machine : "unknown", cpu, sizeof cpu);
    find_line("/etc/os-release", "PRETTY_NAME", '=', "", name, sizeof name);
    snprintf(system, sizeof system, "%.100s %.100s%s%.200s", known ? host.sysname : "unknown",
             known ? host.release : "", *name ? ", " : "", name);
    dat_run_set_environment_text(run, "cpu", cpu);
    dat_run_set_environment_text(run, "os", system);
    dat_run_set_environment_number(run, "cores", dat_count_cores());
    dat_run_set_environment_number(run, "threads", dat_parallel_threads());
}

static void record_libraries(dat_run *run)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    char hdf5[64];
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    dat_run_set_environment_text(run, "blas", dat_blas_description());
    dat_run_set_environment_text(run, "hdf5", hdf5);
    dat_run_set_environment_text(run, "libyaml", yaml_get_version_string());
}

void dat_record_environment(dat_run *run)
{
#ifdef __clang__
    const char *compiler = __VERSION__; /* begins with "Clang" */
#else
    const char *compiler = "GCC " __VERSION__;
#endif
    dat_run_set_environment_text(run, "version", DAT_VERSION);
    dat_run_set_environment_text(run, "commit", DAT_BUILD_COMMIT);
    dat_run_set_environment_text(run, "build_type", DAT_BUILD_TYPE);
    dat_run_set_environment_text(run, "flags", DAT_BUILD_FLAGS);
    dat_run_set_environment_text(run, "native", DAT_BUILD_NATIVE);
    dat_run_set_environment_text(run, "compiler", compiler);
    record_machine(run);
    record_libraries(run);
}

int dat_count_cores(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

const char *dat_version(void)
{
    return DAT_VERSION " (commit " DAT_BUILD_COMMIT ", " DAT_BUILD_TYPE ")";
}
