/* What the C programs of the tests share: a check that names its line, a listener, one event.

   Include it first: it asks the system headers for everything they have. A check that fails ends
   the program with status 1, so a child of a fork reports by its exit status too. Waiting is
   bounded by PATIENCE_MS, which only a failure uses up. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "meshvitals.h"

enum { PATIENCE_MS = 20000 };

/* The line that called a helper which checks by itself, if it says so:
   `#define helper(x) (CHECK_FROM, helper(x))`. */
__attribute__((unused)) static int check_from;
#define CHECK_FROM check_from = __LINE__

/* Ends the program; says where and why. */
#define CHECK_FAIL(...)                                                        \
  do {                                                                         \
    fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                            \
    fprintf(stderr, __VA_ARGS__);                                              \
    fprintf(stderr, check_from ? ", asked from line %d\n" : "\n", check_from); \
    fflush(NULL);                                                              \
    _exit(1);                                                                  \
  } while (0)

/* Ends the program unless `condition` holds. */
#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) CHECK_FAIL("%s", #condition);                            \
  } while (0)

/* Ends the program unless two whole numbers are equal; shows both. */
#define CHECK_EQ(left, right)                                                  \
  do {                                                                         \
    const long long left_ = (long long)(left), right_ = (long long)(right);    \
    if (left_ != right_)                                                       \
      CHECK_FAIL("%s is %lld, %s is %lld", #left, left_, #right, right_);      \
  } while (0)

/* A call that must succeed; shows what the error struct says. */
#define CHECK_OK(call, err)                                                    \
  do {                                                                         \
    const meshvitals_code_t code_ = (call);                                    \
    if (code_ != MESHVITALS_OK)                                                \
      CHECK_FAIL("%s: %d at `%s`: %s", #call, (int)code_, (err)->key, (err)->message); \
  } while (0)

/* A listener on 127.0.0.1. With `*port` 0 the system chooses and `*port` becomes its choice; with
   another number that port is taken again. Close it to refuse connections. */
static inline int listen_on(uint16_t *port) {
  const int one = 1;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(*port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(listen(fd, 4096) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

/* Takes one event; ends the program if none comes within PATIENCE_MS. */
static inline meshvitals_event_t next_event(meshvitals_subscription_t *events) {
  meshvitals_event_t event;
  memset(&event, 0, sizeof event);
  CHECK_EQ(meshvitals_poll(events, &event, sizeof event, 1, PATIENCE_MS), 1);
  CHECK_EQ(event.struct_size, sizeof event);
  return event;
}

/* Takes events until one of `kind` about `check` comes (check 0: about any), and returns it. */
static inline meshvitals_event_t await_event(meshvitals_subscription_t *events, int32_t kind,
                                             meshvitals_check_id_t check) {
  for (;;) {
    const meshvitals_event_t event = next_event(events);
    if (event.kind == kind && (check == 0 || event.check == check)) return event;
  }
}

/* Takes events until the status of `check` is `status`. */
static inline meshvitals_event_t await_status(meshvitals_subscription_t *events,
                                              meshvitals_check_id_t check,
                                              meshvitals_status_t status) {
  for (;;) {
    const meshvitals_event_t event = await_event(events, MESHVITALS_EVENT_STATUS, check);
    if (event.status == status) return event;
  }
}

#endif
