/* Preloaded into a process, this fails, kills or stops it at the Nth system call under a path.
 *
 * SHIM_PREFIX is that path. Opening "/shim/arm/N/WHAT" begins to count anew; WHAT is an errno, "kill" or
 * "stop", and N = 0 only counts. Opening "/shim/disarm" ends it. Both answer ENOENT. Each counted call is a
 * line in the file SHIM_LOG; the one that was struck ends in " !". */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define RAW(...) (REAL(syscall)(__VA_ARGS__))

static int armed, count, at, what, log_fd = -1;
static char ours[4096]; /* descriptors of files under the prefix */

static int under(const char *path) {
  const char *prefix = getenv("SHIM_PREFIX");
  return prefix && path && strncmp(path, prefix, strlen(prefix)) == 0;
}
static int known(int fd) { return fd >= 0 && fd < (int)sizeof ours && ours[fd]; }
static int keep(int fd) { if (fd >= 0 && fd < (int)sizeof ours) ours[fd] = 1; return fd; }

/* Counts a call; tells whether it has to fail. */
static int struck(int counts, const char *call, const char *path) {
  if (!armed || !counts) return 0;
  int hit = __sync_add_and_fetch(&count, 1) == at;
  char line[512];
  int length = snprintf(line, sizeof line, "%s %s%s\n", call, path ? path : "-", hit ? " !" : "");
  RAW(SYS_write, log_fd, line, length);
  if (!hit) return 0;
  if (what < 0) {
    kill(getpid(), what == -1 ? SIGKILL : SIGSTOP);
    return 0;
  }
  errno = what;
  return 1;
}

static void command(const char *text) {
  char kind[16] = "";
  armed = count = at = 0;
  if (log_fd < 0) log_fd = RAW(SYS_openat, AT_FDCWD, getenv("SHIM_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (sscanf(text, "arm/%d/%15s", &at, kind) != 2) return;
  what = !strcmp(kind, "kill") ? -1 : !strcmp(kind, "stop") ? -2 : atoi(kind);
  RAW(SYS_ftruncate, log_fd, 0);
  armed = 1;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
  va_end(rest);
  if (!strncmp(path, "/shim/", 6)) { command(path + 6); errno = ENOENT; return -1; }
  if (struck(under(path), flags & O_CREAT ? "create" : "open", path)) return -1;
  int fd = RAW(SYS_openat, AT_FDCWD, path, flags, mode);
  return under(path) ? keep(fd) : fd;
}
ssize_t write(int fd, const void *from, size_t size) {
  return struck(known(fd), "write", 0) ? -1 : RAW(SYS_write, fd, from, size);
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t to) {
  return struck(known(fd), "pwrite", 0) ? -1 : RAW(SYS_pwrite64, fd, from, size, to);
}
ssize_t read(int fd, void *to, size_t size) {
  return struck(known(fd), "read", 0) ? -1 : RAW(SYS_read, fd, to, size);
}
int fsync(int fd) { return struck(known(fd), "fsync", 0) ? -1 : RAW(SYS_fsync, fd); }
int fdatasync(int fd) { return struck(known(fd), "fsync", 0) ? -1 : RAW(SYS_fdatasync, fd); }
int rename(const char *from, const char *to) {
  return struck(under(to), "rename", to) ? -1 : REAL(rename)(from, to);
}
int link(const char *from, const char *to) {
  return struck(under(to), "link", to) ? -1 : REAL(link)(from, to);
}
int unlink(const char *path) { return struck(under(path), "unlink", path) ? -1 : REAL(unlink)(path); }
int rmdir(const char *path) { return struck(under(path), "rmdir", path) ? -1 : REAL(rmdir)(path); }
int mkdir(const char *path, mode_t mode) {
  return struck(under(path), "mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}
int scandir64(const char *path, struct dirent64 ***list, int (*some)(const struct dirent64 *),
              int (*order)(const struct dirent64 **, const struct dirent64 **)) {
  return struck(under(path), "scandir", path) ? -1 : REAL(scandir64)(path, list, some, order);
}
DIR *opendir(const char *path) {
  if (struck(under(path), "opendir", path)) return NULL;
  DIR *dir = REAL(opendir)(path);
  if (dir && under(path)) keep(dirfd(dir));
  return dir;
}
/* Linux does not interrupt it on a local disk, and libuv would skip entries. */
struct dirent64 *readdir64(DIR *dir) {
  return struck(known(dirfd(dir)) && what != EINTR, "readdir", 0) ? NULL : REAL(readdir64)(dir);
}
int closedir(DIR *dir) {
  int fd = dirfd(dir), fails = struck(known(fd), "closedir", 0);
  if (fd >= 0 && fd < (int)sizeof ours) ours[fd] = 0;
  int result = REAL(closedir)(dir);
  return fails ? (errno = what, -1) : result;
}

/* A close that fails has closed all the same, as on Linux. */
static int closing(int fd) {
  int fails = struck(known(fd), "close", 0);
  if (fd >= 0 && fd < (int)sizeof ours) ours[fd] = 0;
  int result = RAW(SYS_close, fd);
  return fails ? (errno = what, -1) : result;
}
int close(int fd) { return closing(fd); }

/* Node asks for statx and close by number. What it falls back to when statx is refused is below. */
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
  long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  const char *path = number == SYS_statx ? (const char *)b : NULL;
  if (number == SYS_close) return closing((int)a);
  if (path && struck(*path ? under(path) : known((int)a), "stat", *path ? path : 0)) return -1;
  return RAW(number, a, b, c, d, e, f);
}
int __lxstat64(int version, const char *path, struct stat64 *to) {
  static int (*real)(int, const char *, struct stat64 *);
  if (!real) real = dlsym(RTLD_NEXT, "__lxstat64");
  return struck(under(path), "stat", path) ? -1 : real(version, path, to);
}
int __fxstat64(int version, int fd, struct stat64 *to) {
  static int (*real)(int, int, struct stat64 *);
  if (!real) real = dlsym(RTLD_NEXT, "__fxstat64");
  return struck(known(fd), "stat", 0) ? -1 : real(version, fd, to);
}
