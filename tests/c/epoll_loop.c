/* A program with an event loop of its own waits for the descriptor of a subscription among its
   others: a target goes away and comes back, and each change of its status is exactly one event. */
#include "check.h"
#include <sys/epoll.h>

static meshvitals_error_t err;

/* Takes the events of one check from the loop until its status is `status`, which must be the
   first of them; whatever else comes is about other checks and groups. */
static void expect_only(int loop, meshvitals_subscription_t *events, meshvitals_check_id_t check,
                        meshvitals_status_t previous, meshvitals_status_t status) {
  for (;;) {
    struct epoll_event ready;
    meshvitals_event_t batch[8];
    int32_t count, at, found = 0;
    CHECK_EQ(epoll_wait(loop, &ready, 1, PATIENCE_MS), 1);
    CHECK(ready.data.ptr == (void *)events && (ready.events & EPOLLIN) != 0);
    do {
      count = meshvitals_poll(events, batch, sizeof batch[0], 8, 0);
      CHECK(count >= 0);
      for (at = 0; at < count; at++) {
        if (batch[at].kind != MESHVITALS_EVENT_STATUS || batch[at].check != check) continue;
        CHECK_EQ(batch[at].previous, previous);
        CHECK_EQ(batch[at].status, status);
        CHECK_EQ(batch[at].merged, 0);
        found++;
      }
    } while (count == 8);
    /* Everything was taken, so the loop has nothing to do, unless something came since. */
    if (found > 0) {
      CHECK_EQ(found, 1);
      return;
    }
  }
}

/* What the program knows of a check does not change while nothing happens to it: `rounds` further
   runs bring no event of it. */
static void expect_quiet(meshvitals_subscription_t *events, meshvitals_subscription_t *results,
                         meshvitals_check_id_t check, int rounds) {
  meshvitals_event_t event;
  while (rounds-- > 0) await_event(results, MESHVITALS_EVENT_RESULT, check);
  while (meshvitals_poll(events, &event, sizeof event, 1, 0) == 1) CHECK(event.check != check);
}

int main(void) {
  uint16_t port = 0;
  int listener = listen_on(&port);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  char document[300];
  struct epoll_event interest;
  meshvitals_monitor_t *m = NULL;
  meshvitals_subscription_t *events = NULL, *results = NULL;
  meshvitals_check_id_t web = 0;
  meshvitals_event_t event;
  int32_t fd;
  CHECK(loop >= 0);
  CHECK_OK(meshvitals_monitor_new("{\"system_checks\": false}", &m, &err), &err);
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_STATUS, 64, &events, &err), &err);
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_RESULT, 4, &results, &err), &err);
  fd = meshvitals_event_fd(events);
  CHECK(fd >= 0);
  memset(&interest, 0, sizeof interest);
  interest.events = EPOLLIN | EPOLLET;
  interest.data.ptr = events;
  CHECK_EQ(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &interest), 0);
  snprintf(document, sizeof document,
           "{\"name\": \"web\", \"tcp\": {\"address\": \"127.0.0.1:%u\"}, \"interval\": \"40ms\", "
           "\"confirm_interval\": \"20ms\", \"timeout\": \"10s\", \"initial_delay\": 0, "
           "\"policy\": \"thresholds\"}",
           (unsigned)port);
  CHECK_OK(meshvitals_register(m, document, &web, &err), &err);
  CHECK_OK(meshvitals_monitor_start(m, &err), &err);

  expect_only(loop, events, web, MESHVITALS_STATUS_UNKNOWN, MESHVITALS_STATUS_HEALTHY);
  expect_quiet(events, results, web, 3);
  close(listener);
  expect_only(loop, events, web, MESHVITALS_STATUS_HEALTHY, MESHVITALS_STATUS_UNHEALTHY);
  expect_quiet(events, results, web, 3);
  CHECK_EQ(meshvitals_status(m, web), MESHVITALS_STATUS_UNHEALTHY);
  listener = listen_on(&port);
  expect_only(loop, events, web, MESHVITALS_STATUS_UNHEALTHY, MESHVITALS_STATUS_HEALTHY);
  expect_quiet(events, results, web, 3);

  /* A wake ends a poll that would wait for ever. */
  CHECK_EQ(meshvitals_unregister(m, web), MESHVITALS_OK);
  while (meshvitals_poll(results, &event, sizeof event, 1, 0) == 1) continue;
  CHECK_EQ(meshvitals_wake(results), MESHVITALS_OK);
  CHECK_EQ(meshvitals_poll(results, &event, sizeof event, 1, -1), 0);

  /* After the end the descriptor stays readable, so that the loop learns of it. */
  meshvitals_monitor_free(m);
  CHECK_EQ(epoll_wait(loop, &interest, 1, PATIENCE_MS), 1);
  while (meshvitals_poll(events, &event, sizeof event, 1, 0) == 1) continue;
  CHECK_EQ(meshvitals_poll(events, &event, sizeof event, 1, 0), MESHVITALS_ERROR_STOPPED);
  meshvitals_subscription_free(events);
  meshvitals_subscription_free(results);
  close(listener);
  close(loop);
  return 0;
}
