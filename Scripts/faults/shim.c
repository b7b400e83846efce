/* A library to preload into `distill`. It counts the file operations that change something in a folder, and injects a fault at
 * one of them.
 *
 *   DISTILL_FAULT_ROOT    the folder, as an absolute path without links
 *   DISTILL_FAULT_AT      the number of the operation, from 1; with 0 operations are only counted
 *   DISTILL_FAULT_KIND    the fault:
 *                         kill-before, kill-after  the process is killed before or after the operation
 *                         half                     half of the bytes are written, and then the process is killed
 *                         enospc, eio              the operation fails
 *                         enospc-on                this and all later operations that need space on the disk fail
 *                         eio-on                   this and all later operations fail
 *                         forget                   the folders of DISTILL_FAULT_FORGET are removed; files that are opened for
 *                                                  reading are counted as well
 *   DISTILL_FAULT_FORGET  folders, separated by colons
 *   DISTILL_FAULT_LOG     the file to which a line `NUMBER CALL PATH` is appended for the operation with the fault, or for every
 *                         operation if they are only counted
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { PASS, FAIL, HALF, HALF_THEN_KILL, THEN_KILL };

static atomic_long counted;
static __thread int inside; /* set while the shim itself works on files, which must not be counted */

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}
static int is(const char *kind) { return !strcmp(setting("DISTILL_FAULT_KIND"), kind); }

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int discard(const char *path, const struct stat *s, int type, struct FTW *f) {
  (void)s, (void)f;
  syscall(SYS_unlinkat, AT_FDCWD, path, type == FTW_DP || type == FTW_D ? AT_REMOVEDIR : 0);
  return 0;
}

static void forget(void) {
  char folders[2 * PATH_MAX];
  snprintf(folders, sizeof folders, "%s", setting("DISTILL_FAULT_FORGET"));
  for (char *folder = strtok(folders, ":"); folder; folder = strtok(NULL, ":"))
    nftw(folder, discard, 16, FTW_DEPTH | FTW_PHYS);
}

static void note(long number, const char *call, const char *path) {
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
  int file = syscall(SYS_openat, AT_FDCWD, setting("DISTILL_FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  /* Without the line, the operation would seem not to have happened. */
  if (file < 0 || syscall(SYS_write, file, line, length) != length) abort();
  syscall(SYS_close, file);
}

/* Returns the absolute path of `path` relative to an open folder, or of an open file if `path` is NULL. */
static const char *absolute(int folder, const char *path, char *out) {
  if (path && path[0] == '/') return path;
  char link[64];
  if (path && folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
  else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, out, PATH_MAX - 1);
  if (length < 0) return "";
  out[length] = 0;
  if (path) snprintf(out + length, PATH_MAX - length, "/%s", path);
  return out;
}

/* Decides what happens to an operation. `frees` says that it needs no space on the disk, `writes` that half of it can be done. */
static enum verdict judge(const char *call, int folder, const char *name, int frees, int writes) {
  if (inside) return PASS;
  int before = errno;
  char out[PATH_MAX];
  const char *path = absolute(folder, name, out), *root = setting("DISTILL_FAULT_ROOT");
  size_t length = strlen(root);
  errno = before;
  if (!length || strncmp(path, root, length) || (path[length] && path[length] != '/')) return PASS;

  long number = atomic_fetch_add(&counted, 1) + 1, at = atol(setting("DISTILL_FAULT_AT"));
  if (at == 0 || number == at) note(number, call, path);
  if (at == 0 || number < at) return PASS;
  int lasting = is("enospc-on") || is("eio-on");
  if (number > at && !lasting) return PASS;
  if (is("kill-before")) die();
  if (is("kill-after")) return THEN_KILL;
  if (is("half") && writes) return HALF_THEN_KILL;
  if (is("forget")) {
    inside = 1;
    forget();
    inside = 0;
    errno = before;
    return PASS;
  }
  if (is("enospc") || is("enospc-on")) {
    if (frees) return PASS;
    if (number == at && lasting && writes) return HALF; /* a full disk causes a short write first, and then the error */
    errno = ENOSPC;
    return FAIL;
  }
  if (is("eio") || is("eio-on")) {
    errno = EIO;
    return FAIL;
  }
  return PASS;
}

#define REAL(call)                      \
  static __typeof__(call) *real;        \
  if (!real) real = dlsym(RTLD_NEXT, #call)

/* Defines an operation that can only happen as a whole. */
#define WHOLE(call, parameters, arguments, folder, path, frees)       \
  int call parameters {                                               \
    REAL(call);                                                       \
    enum verdict verdict = judge(#call, folder, path, frees, 0);      \
    if (verdict == FAIL) return -1;                                   \
    int result = real arguments;                                      \
    if (verdict == THEN_KILL) die();                                  \
    return result;                                                    \
  }

/* Defines an operation that writes `size` bytes to `file`, where `size` is one of its arguments. Half of it can be done. */
#define WRITE(call, parameters, arguments, file)                      \
  ssize_t call parameters {                                           \
    REAL(call);                                                       \
    enum verdict verdict = judge(#call, file, NULL, 0, size > 1);     \
    if (verdict == FAIL) return -1;                                   \
    if (verdict == HALF || verdict == HALF_THEN_KILL) size /= 2;      \
    ssize_t result = real arguments;                                  \
    if (verdict == THEN_KILL || verdict == HALF_THEN_KILL) die();     \
    return result;                                                    \
  }

#define OPEN(call, parameters, last, folder, arguments)\
  int call parameters {                                                                                     \
    REAL(call);                                                                                             \
    va_list list;                                                                                           \
    va_start(list, last);                                                                                   \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                                 \
    va_end(list);                                                                                           \
    int changes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);                           \
    enum verdict verdict =                                                                                  \
        changes || is("forget") ? judge(#call, folder, path, !(flags & O_CREAT), 0) : PASS;                 \
    if (verdict == FAIL) return -1;                                                                         \
    int result = real arguments;                                                                            \
    if (verdict == THEN_KILL) die();                                                                        \
    return result;                                                                                          \
  }

OPEN(open, (const char *path, int flags, ...), flags, AT_FDCWD, (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), flags, AT_FDCWD, (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), flags, folder, (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), flags, folder, (folder, path, flags, mode))
WHOLE(creat, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path, 0)
WHOLE(mkstemp, (char *path), (path), AT_FDCWD, path, 0)
WHOLE(mkostemp, (char *path, int flags), (path, flags), AT_FDCWD, path, 0)

WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size), file)
WRITE(pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at), file)
WRITE(pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at), file)
WRITE(sendfile, (int file, int from, off_t *at, size_t size), (file, from, at, size), file)
WRITE(sendfile64, (int file, int from, off64_t *at, size_t size), (file, from, at, size), file)
WRITE(copy_file_range, (int from, off64_t *a, int file, off64_t *b, size_t size, unsigned flags),
      (from, a, file, b, size, flags), file)
ssize_t writev(int file, const struct iovec *parts, int size) {
  REAL(writev);
  enum verdict verdict = judge("writev", file, NULL, 0, 0);
  if (verdict == FAIL) return -1;
  ssize_t result = real(file, parts, size);
  if (verdict == THEN_KILL) die();
  return result;
}

WHOLE(ftruncate, (int file, off_t size), (file, size), file, NULL, 1)
WHOLE(ftruncate64, (int file, off64_t size), (file, size), file, NULL, 1)
WHOLE(truncate, (const char *path, off_t size), (path, size), AT_FDCWD, path, 1)
WHOLE(fchmod, (int file, mode_t mode), (file, mode), file, NULL, 1)
WHOLE(fsync, (int file), (file), file, NULL, 0)
WHOLE(fdatasync, (int file), (file), file, NULL, 0)

WHOLE(rename, (const char *from, const char *path), (from, path), AT_FDCWD, path, 0)
WHOLE(renameat, (int a, const char *from, int b, const char *path), (a, from, b, path), b, path, 0)
WHOLE(renameat2, (int a, const char *from, int b, const char *path, unsigned flags), (a, from, b, path, flags), b, path, 0)
WHOLE(link, (const char *from, const char *path), (from, path), AT_FDCWD, path, 0)
WHOLE(linkat, (int a, const char *from, int b, const char *path, int flags), (a, from, b, path, flags), b, path, 0)
WHOLE(symlink, (const char *to, const char *path), (to, path), AT_FDCWD, path, 0)
WHOLE(symlinkat, (const char *to, int folder, const char *path), (to, folder, path), folder, path, 0)
WHOLE(mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path, 0)
WHOLE(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), folder, path, 0)
WHOLE(unlink, (const char *path), (path), AT_FDCWD, path, 1)
WHOLE(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), folder, path, 1)
WHOLE(rmdir, (const char *path), (path), AT_FDCWD, path, 1)
WHOLE(remove, (const char *path), (path), AT_FDCWD, path, 1)
