/* The life of a monitor and one check, as a program that watches its database sees it: made,
   refused, registered, measured over a real listener, read, reported, stopped, started again,
   freed. Compiles as C11 and as C++17. */
#include "check.h"

static meshvitals_error_t err;

/* A refusal has the code in both places, a place in the document, and a text. */
#define EXPECT_REFUSAL(answer, expected, place)                                \
  do {                                                                         \
    CHECK_EQ(answer, expected);                                                \
    CHECK_EQ(err.code, expected);                                              \
    CHECK_EQ(err.reserved, 0);                                                 \
    CHECK(strcmp(err.key, place) == 0);                                        \
    CHECK(err.message[0] != 0);                                                \
  } while (0)

static void refused_checks_leave_no_trace(meshvitals_monitor_t *m) {
  meshvitals_check_id_t id = 77;
  memset(&err, 0x55, sizeof err);
  EXPECT_REFUSAL(meshvitals_register(m, "{\"name\": \"a\"", &id, &err),
                 MESHVITALS_ERROR_DOCUMENT, "");
  EXPECT_REFUSAL(meshvitals_register(m, "{\"name\": \"a\"}", &id, &err),
                 MESHVITALS_ERROR_DOCUMENT, "");
  EXPECT_REFUSAL(meshvitals_register(
                     m, "{\"name\": \"a\", \"tcp\": {\"address\": \"127.0.0.1\"}}", &id, &err),
                 MESHVITALS_ERROR_DOCUMENT, "/tcp/address");
  EXPECT_REFUSAL(
      meshvitals_register(
          m, "{\"name\": \"a\", \"heartbeat\": {\"ttl\": \"1s\"}, \"failure_threshold\": 0}", &id,
          &err),
      MESHVITALS_ERROR_RANGE, "/failure_threshold");
  EXPECT_REFUSAL(meshvitals_register(m, "{\"name\": \"a\", \"callback\": {}}", &id, &err),
                 MESHVITALS_ERROR_MODE, "/callback");
  CHECK_EQ(id, 77);
  CHECK_EQ(meshvitals_find(m, "a", &id), MESHVITALS_ERROR_NOT_FOUND);
  CHECK_EQ(id, 77);
  CHECK_EQ(meshvitals_list(m, NULL, 0), 1); /* meshvitals.self */
}

static void everything_is_known_of(meshvitals_monitor_t *m, meshvitals_check_id_t db) {
  meshvitals_snapshot_t s;
  meshvitals_check_id_t ids[4] = {0, 0, 0, 0};
  meshvitals_check_id_t found = 0;
  int64_t length;
  char *text;
  memset(&s, 0x55, sizeof s);
  s.struct_size = sizeof s;
  CHECK_EQ(meshvitals_snapshot(m, db, &s), MESHVITALS_OK);
  CHECK_EQ(s.struct_size, sizeof s);
  CHECK(strcmp(s.name, "db") == 0);
  CHECK_EQ(s.check, db);
  CHECK_EQ(s.cookie, 4711);
  CHECK_EQ(s.status, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(s.measured, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(s.reason, MESHVITALS_REASON_NONE);
  CHECK_EQ(s.mask, 0);
  CHECK_EQ(s.failures, 0);
  CHECK(s.passes >= 1 && s.runs >= 1 && s.latency_ns > 0);
  CHECK(s.since_ns <= meshvitals_now_ns(m) && s.last_ns <= meshvitals_now_ns(m));
  CHECK(s.fresh_until_ns > s.last_ns && s.since_unix_ms > 1600000000000);
  CHECK(isnan(s.threshold));
  CHECK(s.reserved[0] == 0 && s.reserved[5] == 0);

  CHECK_EQ(meshvitals_find(m, "db", &found), MESHVITALS_OK);
  CHECK_EQ(found, db);
  CHECK_EQ(meshvitals_list(m, ids, 4), 2);
  CHECK(ids[1] == db && ids[2] == 0);
  ids[1] = 0;
  CHECK_EQ(meshvitals_list(m, ids, 1), 2);
  CHECK_EQ(ids[1], 0);

  length = meshvitals_render(m, "json", NULL, 0);
  CHECK(length > 2);
  /* The report may grow a little between the calls: numbers do. */
  text = (char *)malloc((size_t)length + 64);
  length = meshvitals_render(m, "json", text, (size_t)length + 64);
  CHECK_EQ(strlen(text), length);
  CHECK(text[0] == '{' && strstr(text, "\"name\":\"db\"") != NULL);
  CHECK(meshvitals_render(m, "json", text, 5) > 4);
  CHECK_EQ(strlen(text), 4);
  free(text);
}

int main(void) {
  uint16_t port = 0;
  const int listener = listen_on(&port);
  char document[256];
  meshvitals_monitor_t *m = NULL;
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t db = 0;
  meshvitals_event_t event;
  const meshvitals_cell_t *cell;

  CHECK_EQ(meshvitals_version(), MESHVITALS_VERSION);
  CHECK(strcmp(meshvitals_code_text(MESHVITALS_OK), "ok") == 0);
  CHECK(strcmp(meshvitals_reason_text(MESHVITALS_REASON_CONNECT_REFUSED), "connection refused") ==
        0);

  CHECK_EQ(meshvitals_monitor_new("{\"sistem_checks\": false}", &m, &err),
           MESHVITALS_ERROR_DOCUMENT);
  CHECK(m == NULL);
  CHECK(strcmp(err.key, "/sistem_checks") == 0 && strstr(err.message, "system_checks") != NULL);
  CHECK_OK(meshvitals_monitor_new("{\"system_checks\": false}", &m, &err), &err);
  CHECK(err.code == 0 && err.key[0] == 0 && err.message[0] == 0);

  refused_checks_leave_no_trace(m);
  snprintf(document, sizeof document,
           "{\"name\": \"db\", \"tcp\": {\"address\": \"127.0.0.1:%u\"}, \"interval\": \"50ms\", "
           "\"timeout\": \"10s\", \"initial_delay\": 0, \"cookie\": 4711}",
           (unsigned)port);
  CHECK_OK(meshvitals_register(m, document, &db, &err), &err);
  CHECK(db != 0);
  EXPECT_REFUSAL(meshvitals_register(m, document, NULL, &err), MESHVITALS_ERROR_EXISTS, "/name");

  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_STATUS | MESHVITALS_KIND_LIFE, 64, &events,
                                &err),
           &err);
  event = await_event(events, MESHVITALS_EVENT_STATUS, db);
  CHECK_EQ(event.cookie, 4711);
  CHECK_EQ(event.reason, MESHVITALS_REASON_INITIAL);
  CHECK_EQ(event.status, MESHVITALS_STATUS_UNKNOWN);

  cell = meshvitals_cell(m, db);
  CHECK(cell != NULL && ((uintptr_t)cell & 15) == 0);
  CHECK_EQ(meshvitals_cell_status(cell, db), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_check_now(m, db), MESHVITALS_ERROR_NOT_RUNNING);
  CHECK_OK(meshvitals_monitor_start(m, &err), &err);
  CHECK_OK(meshvitals_monitor_start(m, &err), &err);

  event = await_event(events, MESHVITALS_EVENT_STATUS, db);
  CHECK_EQ(event.previous, MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(event.status, MESHVITALS_STATUS_HEALTHY);
  CHECK(event.check == db && event.cookie == 4711 && event.at_ns <= meshvitals_now_ns(m));
  CHECK_EQ(meshvitals_status(m, db), MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(meshvitals_cell_status(cell, db), MESHVITALS_STATUS_HEALTHY);
  everything_is_known_of(m, db);
  CHECK_EQ(meshvitals_overall(m), MESHVITALS_STATUS_HEALTHY);

  CHECK_EQ(meshvitals_monitor_stop(m, PATIENCE_MS), MESHVITALS_OK);
  CHECK_EQ(meshvitals_monitor_stop(m, 0), MESHVITALS_OK);
  CHECK_EQ(meshvitals_status(m, db), MESHVITALS_STATUS_UNKNOWN);
  event = await_event(events, MESHVITALS_EVENT_STOPPED, 0);
  CHECK_EQ(event.check, 0);
  CHECK_EQ(meshvitals_poll(events, &event, sizeof event, 1, PATIENCE_MS),
           MESHVITALS_ERROR_STOPPED);

  CHECK_OK(meshvitals_monitor_start(m, &err), &err);
  event = await_status(events, db, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(event.previous, MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_cell_status(cell, db), MESHVITALS_STATUS_HEALTHY);

  meshvitals_monitor_free(m);
  CHECK_EQ(meshvitals_cell_status(cell, db), MESHVITALS_STATUS_UNKNOWN);
  await_event(events, MESHVITALS_EVENT_STOPPED, 0);
  CHECK_EQ(meshvitals_poll(events, &event, sizeof event, 1, -1), MESHVITALS_ERROR_STOPPED);
  meshvitals_subscription_free(events);
  close(listener);
  return 0;
}
