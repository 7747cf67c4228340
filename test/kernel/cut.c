/* Cuts the power of a mounted file system: what it has not put on its disk by now never gets there.
 * usage: cut MOUNT ; prints the moment before, in ns of CLOCK_MONOTONIC */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)

int main(int argc, char **argv) {
  uint32_t without_flushing = 2;
  struct timespec now;
  int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
  if (fd < 0) return perror("open"), 1;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (ioctl(fd, FS_IOC_SHUTDOWN, &without_flushing) != 0) return perror("ioctl"), 1;
  printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  return 0;
}
