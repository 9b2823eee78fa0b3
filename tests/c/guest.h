/* guest.h: what the guest programs share: refusals to go on, servers on loopback, waiting for
   events, and looks into /proc. A program ends with 1 and a line at the first thing that is not
   as it must be; an alarm ends it should it hang. */

#ifndef GUEST_H
#define GUEST_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "meshvitals.h"

#define UNUSED __attribute__((unused))

/* Goes on only if the condition holds; the number is shown when it does not. */
#define NEED(condition, number)                                                            \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      fprintf(stderr, "%s:%d: %s (%lld)\n", __FILE__, __LINE__, #condition,                \
              (long long)(number));                                                        \
      _exit(1);                                                                            \
    }                                                                                      \
  } while (0)

#define CODE(expected, call)                                                               \
  do {                                                                                     \
    long long code_ = (call);                                                              \
    NEED(code_ == (expected), code_);                                                      \
  } while (0)

#define GOOD(call) CODE(MESHVITALS_OK, call)

#define SECONDS 20
#define BARE "{\"system_checks\": false, \"start_spread\": \"0ms\"}"

static inline const char *text(char *buffer, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(buffer, size, format, arguments);
  va_end(arguments);
  NEED(length >= 0 && (size_t)length < size, length);
  return buffer;
}

/* sprintf into a fresh buffer of the calling block. */
#define TEXT(...) text((char[512]){0}, 512, __VA_ARGS__)

UNUSED static meshvitals_monitor_t *monitor_with(const char *config) {
  meshvitals_monitor_t *monitor = NULL;
  meshvitals_error_t err;
  if (meshvitals_monitor_new(config, &monitor, &err) != 0) fprintf(stderr, "%s\n", err.message);
  NEED(monitor != NULL, err.code);
  return monitor;
}

UNUSED static meshvitals_monitor_t *started(const char *config) {
  meshvitals_monitor_t *monitor = monitor_with(config);
  GOOD(meshvitals_monitor_start(monitor, NULL));
  return monitor;
}

UNUSED static meshvitals_check_id_t add(meshvitals_monitor_t *monitor, const char *document) {
  meshvitals_check_id_t id = 0;
  meshvitals_error_t err;
  if (meshvitals_register(monitor, document, &id, &err) != 0)
    fprintf(stderr, "%s: %s\n", err.key, err.message);
  NEED(id != 0, err.code);
  return id;
}

UNUSED static meshvitals_subscription_t *subscribe(meshvitals_monitor_t *monitor,
                                                   uint32_t kinds) {
  meshvitals_subscription_t *subscription = NULL;
  GOOD(meshvitals_subscribe(monitor, kinds, 65536, &subscription, NULL));
  return subscription;
}

/* The next event; there must be one. */
UNUSED static meshvitals_event_t next_event(meshvitals_subscription_t *subscription) {
  meshvitals_event_t event;
  int count = meshvitals_poll(subscription, &event, sizeof event, 1, SECONDS * 1000);
  NEED(count == 1, count);
  return event;
}

/* Waits until a check has this status; its subscription must have STATUS. */
UNUSED static void await_status(meshvitals_subscription_t *subscription,
                                meshvitals_check_id_t check, meshvitals_status_t status) {
  for (;;) {
    meshvitals_event_t event = next_event(subscription);
    if (event.kind == MESHVITALS_EVENT_STATUS && event.check == check && event.status == status)
      return;
  }
}

/* Waits for a result of a check with this outcome. */
UNUSED static meshvitals_event_t await_result(meshvitals_subscription_t *subscription,
                                              meshvitals_check_id_t check, int outcome) {
  for (;;) {
    meshvitals_event_t event = next_event(subscription);
    if (event.kind == MESHVITALS_EVENT_RESULT && event.check == check &&
        event.outcome == outcome)
      return event;
  }
}

UNUSED static void await(sem_t *semaphore) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += SECONDS;
  int answer;
  while ((answer = sem_timedwait(semaphore, &until)) != 0 && errno == EINTR) {
  }
  NEED(answer == 0, errno);
}

/* Hangs until the program posts, which may be at its end: only its alarm bounds that. */
UNUSED static void hang_until(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0) NEED(errno == EINTR, errno);
}

/* One byte from a pipe. */
UNUSED static char await_byte(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  int count;
  while ((count = poll(&ready, 1, SECONDS * 1000)) < 0 && errno == EINTR) {
  }
  char byte = 0;
  NEED(count == 1 && read(fd, &byte, 1) == 1, count);
  return byte;
}

UNUSED static void say(int fd, char byte) { NEED(write(fd, &byte, 1) == 1, errno); }

UNUSED static pthread_t thread(void *(*body)(void *), void *argument) {
  pthread_t made;
  int error = pthread_create(&made, NULL, body, argument);
  NEED(error == 0, error);
  return made;
}

UNUSED static int listener(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  NEED(fd >= 0, errno);
  NEED(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, errno);
  NEED(listen(fd, 1024) == 0, errno);
  NEED(getsockname(fd, (struct sockaddr *)&address, &size) == 0, errno);
  *port = ntohs(address.sin_port);
  return fd;
}

/* Answers each connection with 200, one after the other. */
UNUSED static void *answer_all(void *argument) {
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  int fd = *(int *)argument;
  for (;;) {
    char request[4096];
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) continue;
    if (recv(client, request, sizeof request, 0) > 0)
      (void)!send(client, answer, sizeof answer - 1, MSG_NOSIGNAL);
    close(client);
  }
  return NULL;
}

/* A port where everything is answered with 200, by a thread of this process. */
UNUSED static int serve(void) {
  static int fd;
  int port;
  fd = listener(&port);
  pthread_detach(thread(answer_all, &fd));
  return port;
}

UNUSED static int entries(const char *directory) {
  DIR *open = opendir(directory);
  int count = 0;
  NEED(open != NULL, errno);
  while (readdir(open) != NULL) count++;
  closedir(open);
  return count;
}

/* Waits for a number of entries: a thread that was joined is seen there for an instant longer. */
UNUSED static void settle(const char *directory, int expected) {
  time_t until = time(NULL) + SECONDS;
  while (entries(directory) != expected) {
    NEED(time(NULL) < until, entries(directory));
    sched_yield();
  }
}

#endif
