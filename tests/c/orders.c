/* Subscribe, register, start: in any order nothing is missed, and what comes first says which way
   one hears of a check. What a list contains, and how a check that is gone is named. */
#include "check.h"

static meshvitals_error_t err;

static meshvitals_event_t take(meshvitals_subscription_t *events, meshvitals_check_id_t id) {
  meshvitals_event_t event;
  do {
    /* Nothing in the array needs to be set. */
    memset(&event, 0x55, sizeof event);
    CHECK_EQ(meshvitals_poll(events, &event, sizeof event, 1, PATIENCE_MS), 1);
    CHECK_EQ(event.struct_size, sizeof event);
  } while (event.check != id);
  return event;
}

static void in_this_order(const char *order) {
  meshvitals_monitor_t *m = NULL;
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t id = 0;
  meshvitals_event_t event;
  meshvitals_snapshot_t s;
  meshvitals_result_t pass = MESHVITALS_RESULT_INIT;
  int subscribed = 0, late;
  pass.outcome = MESHVITALS_OUTCOME_PASS;
  CHECK_OK(meshvitals_monitor_new("{\"system_checks\": false}", &m, &err), &err);
  for (; *order != 0; order++) switch (*order) {
      case 's':
        CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_STATUS | MESHVITALS_KIND_LIFE, 64,
                                      &events, &err),
                 &err);
        subscribed = id == 0 ? 1 : 2;
        break;
      case 'r':
        CHECK_OK(meshvitals_register(m, "{\"name\": \"jobs\", \"heartbeat\": {\"ttl\": \"1h\"}, "
                                        "\"cookie\": 7}",
                                     &id, &err),
                 &err);
        break;
      default:
        CHECK_OK(meshvitals_monitor_start(m, &err), &err);
    }
  CHECK_EQ(meshvitals_report(m, id, &pass), MESHVITALS_OK);
  late = subscribed == 2;
  event = take(events, id);
  CHECK_EQ(event.kind, late ? MESHVITALS_EVENT_STATUS : MESHVITALS_EVENT_REGISTERED);
  CHECK_EQ(event.reason, late ? MESHVITALS_REASON_INITIAL : MESHVITALS_REASON_NONE);
  CHECK(late || strcmp(event.text, "jobs") == 0);
  event = take(events, id);
  CHECK_EQ(event.kind, MESHVITALS_EVENT_STATUS);
  CHECK_EQ(event.previous, MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(event.status, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(event.sequence, 1);

  /* Afterwards the id names nothing any more, but the event does. */
  CHECK_EQ(meshvitals_unregister(m, id), MESHVITALS_OK);
  s.struct_size = sizeof s;
  CHECK_EQ(meshvitals_snapshot(m, id, &s), MESHVITALS_ERROR_STALE);
  event = take(events, id);
  CHECK_EQ(event.kind, MESHVITALS_EVENT_REMOVED);
  CHECK(strcmp(event.text, "jobs") == 0 && event.cookie == 7);
  meshvitals_subscription_free(events);
  meshvitals_monitor_free(m);
}

static void a_list_has_the_checks_of_the_library_too(void) {
  const char *own[] = {"meshvitals.self", "system.cpu", "system.memory", "system.disk"};
  meshvitals_monitor_t *m = NULL;
  meshvitals_check_id_t ids[8], found = 0;
  size_t place, at;
  CHECK_OK(meshvitals_monitor_new(NULL, &m, &err), &err);
  CHECK_EQ(meshvitals_list(m, ids, 8), 4);
  for (place = 0; place < 4; place++) {
    CHECK_EQ(meshvitals_find(m, own[place], &found), MESHVITALS_OK);
    for (at = 0; at < 4 && ids[at] != found;) at++;
    CHECK(at < 4);
  }
  meshvitals_monitor_free(m);
}

int main(void) {
  const char *orders[] = {"srx", "sxr", "rsx", "rxs", "xsr", "xrs"};
  size_t at;
  for (at = 0; at < 6; at++) in_this_order(orders[at]);
  a_list_has_the_checks_of_the_library_too();
  return 0;
}
