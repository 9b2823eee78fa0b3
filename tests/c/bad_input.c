/* Every function of the header with everything wrong that a program can pass: NULL for each
   pointer, ids that never were or no longer are, texts that are not UTF-8, numbers that are no
   enum, huge nonsense. The codes are exact, and the monitor is as it was.

   OVERFLOW writes one byte too far, which proves that a sanitizer is on. */
#include "check.h"

static meshvitals_error_t err;
static meshvitals_monitor_t *m;
static meshvitals_check_id_t beat, removed, foreign;
static int drops;

static const char BAD[] = "caf\xc3(";
static const char GOOD[] = "{\"name\": \"new\", \"heartbeat\": {\"ttl\": \"1s\"}}";
static const char CALLBACK[] = "{\"name\": \"new\", \"callback\": {}}";

static int32_t run(void *user, const meshvitals_run_t *told, meshvitals_result_t *out) {
  (void)user, (void)told, (void)out;
  return 0;
}

static void drop(void *user) { (void)user, drops++; }
static void write_line(void *user, int32_t level, const char *text) {
  (void)user, (void)level, (void)text;
}

/* Everything that the monitor says of itself. */
static char *report_of(const meshvitals_monitor_t *monitor) {
  const int64_t length = meshvitals_render(monitor, "json", NULL, 0);
  char *text = (char *)malloc((size_t)length + 1);
  CHECK(length > 0 && text != NULL);
  CHECK_EQ(meshvitals_render(monitor, "json", text, (size_t)length + 1), length);
  return text;
}

/* A call that takes `error`: refused with this code, told in the struct, and the same without. */
#define REFUSED(code_, call)                                                   \
  do {                                                                         \
    meshvitals_error_t *error = &err;                                          \
    memset(&err, 0x55, sizeof err);                                            \
    CHECK_EQ(call, code_);                                                     \
    CHECK_EQ(err.code, code_);                                                 \
    CHECK_EQ(err.reserved, 0);                                                 \
    CHECK(memchr(err.key, 0, sizeof err.key) != NULL);                         \
    CHECK(err.message[0] != 0 && memchr(err.message, 0, sizeof err.message) != NULL); \
    error = NULL;                                                              \
    CHECK_EQ(call, code_);                                                     \
  } while (0)

static void null_pointers(void) {
  const int32_t null = MESHVITALS_ERROR_NULL;
  meshvitals_monitor_t *out = NULL;
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t id = 77;
  meshvitals_result_t result;
  meshvitals_event_t event;
  char text[8] = "before";
  size_t count = 77;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.outcome = MESHVITALS_OUTCOME_PASS;

  CHECK_EQ(meshvitals_now_ns(NULL), 0);
  REFUSED(null, meshvitals_monitor_new(NULL, NULL, error));
  REFUSED(null, meshvitals_monitor_start(NULL, error));
  CHECK_EQ(meshvitals_monitor_stop(NULL, 1), null);
  CHECK_EQ(meshvitals_monitor_advance(NULL, 1, NULL), null);
  meshvitals_monitor_free(NULL);
  REFUSED(null, meshvitals_register(NULL, GOOD, &id, error));
  REFUSED(null, meshvitals_register(m, NULL, &id, error));
  REFUSED(null, meshvitals_register_many(NULL, "[]", &id, 1, &count, error));
  REFUSED(null, meshvitals_register_many(m, NULL, &id, 1, &count, error));
  REFUSED(null, meshvitals_register_many(m, "[]", NULL, 1, &count, error));
  REFUSED(null, meshvitals_register_callback(NULL, CALLBACK, run, NULL, drop, &id, error));
  REFUSED(null, meshvitals_register_callback(m, NULL, run, NULL, drop, &id, error));
  REFUSED(null, meshvitals_register_callback(m, CALLBACK, NULL, NULL, drop, &id, error));
  REFUSED(null, meshvitals_replace(NULL, GOOD, &id, error));
  REFUSED(null, meshvitals_replace(m, NULL, &id, error));
  CHECK_EQ(meshvitals_unregister(NULL, beat), null);
  CHECK_EQ(meshvitals_unregister_many(NULL, &beat, 1), null);
  CHECK_EQ(meshvitals_unregister_many(m, NULL, 1), null);
  CHECK_EQ(meshvitals_unregister_many(m, NULL, 0), MESHVITALS_OK);
  CHECK_EQ(meshvitals_find(NULL, "beat", &id), null);
  CHECK_EQ(meshvitals_find(m, NULL, &id), null);
  CHECK_EQ(meshvitals_find(m, "beat", NULL), null);
  CHECK_EQ(meshvitals_list(NULL, &id, 1), null);
  CHECK_EQ(meshvitals_list(m, NULL, 1), null);
  CHECK_EQ(meshvitals_status(NULL, beat), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_overall(NULL), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_group_find(NULL, "overall", &id), null);
  CHECK_EQ(meshvitals_group_find(m, NULL, &id), null);
  CHECK_EQ(meshvitals_group_find(m, "overall", NULL), null);
  CHECK_EQ(meshvitals_answer(NULL, beat), null);
  CHECK(meshvitals_cell(NULL, beat) == NULL);
  CHECK_EQ(meshvitals_snapshot(NULL, beat, NULL), null);
  CHECK_EQ(meshvitals_snapshot(m, beat, NULL), null);
  CHECK_EQ(meshvitals_render(NULL, "json", text, sizeof text), null);
  CHECK_EQ(meshvitals_render(m, NULL, text, sizeof text), null);
  CHECK_EQ(meshvitals_render(m, "json", NULL, 1), null);
  REFUSED(null, meshvitals_subscribe(NULL, 1, 1, &events, error));
  REFUSED(null, meshvitals_subscribe(m, 1, 1, NULL, error));
  CHECK_EQ(meshvitals_poll(NULL, &event, sizeof event, 1, 0), null);
  CHECK_EQ(meshvitals_event_fd(NULL), null);
  CHECK_EQ(meshvitals_wake(NULL), null);
  meshvitals_subscription_free(NULL);
  CHECK_EQ(meshvitals_report(NULL, beat, &result), null);
  CHECK_EQ(meshvitals_report(m, beat, NULL), null);
  CHECK_EQ(meshvitals_report_traffic(NULL, beat, 1, 1, 1), null);
  CHECK_EQ(meshvitals_check_now(NULL, beat), null);
  CHECK_EQ(meshvitals_pause(NULL, beat, 1), null);
  CHECK_EQ(meshvitals_override(NULL, beat, MESHVITALS_STATUS_HEALTHY, 1), null);
  REFUSED(null, meshvitals_probe_once(NULL, NULL, &result, error));
  REFUSED(null, meshvitals_probe_once(NULL, GOOD, NULL, error));
  CHECK_EQ(meshvitals_set_log(NULL, 1, write_line, NULL, drop), null);

  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_STATUS, 4, &events, &err), &err);
  CHECK_EQ(meshvitals_poll(events, NULL, sizeof event, 1, 0), null);
  CHECK_EQ(meshvitals_poll(events, &event, sizeof event, 1, 0), 1);
  meshvitals_subscription_free(events);
  CHECK(out == NULL && id == 77 && count == 77 && drops == 0);
  CHECK(strcmp(text, "before") == 0);
}

static void ids_that_are_none(void) {
  const struct {
    meshvitals_check_id_t id;
    meshvitals_code_t code;
  } wrong[] = {
      {0, MESHVITALS_ERROR_NOT_FOUND},
      {1, MESHVITALS_ERROR_NOT_FOUND},
      {UINT64_MAX, MESHVITALS_ERROR_NOT_FOUND},
      {beat & 0xffffffffu, MESHVITALS_ERROR_NOT_FOUND},
      {beat + ((uint64_t)1000 << 32), MESHVITALS_ERROR_NOT_FOUND},
      {foreign, MESHVITALS_ERROR_NOT_FOUND},
      {removed, MESHVITALS_ERROR_STALE},
  };
  meshvitals_result_t result;
  meshvitals_snapshot_t snapshot;
  size_t at;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.outcome = MESHVITALS_OUTCOME_PASS;
  snapshot.struct_size = sizeof snapshot;
  for (at = 0; at < sizeof wrong / sizeof wrong[0]; at++) {
    const meshvitals_check_id_t id = wrong[at].id;
    const meshvitals_code_t code = wrong[at].code;
    const meshvitals_check_id_t both[2] = {beat, id};
    CHECK_EQ(meshvitals_unregister(m, id), code);
    CHECK_EQ(meshvitals_unregister_many(m, both, 2), code);
    CHECK_EQ(meshvitals_answer(m, id), code);
    CHECK_EQ(meshvitals_snapshot(m, id, &snapshot), code);
    CHECK_EQ(meshvitals_report(m, id, &result), code);
    CHECK_EQ(meshvitals_report_traffic(m, id, 1, 1, 1), code);
    CHECK_EQ(meshvitals_check_now(m, id), code);
    CHECK_EQ(meshvitals_pause(m, id, 1), code);
    CHECK_EQ(meshvitals_override(m, id, MESHVITALS_STATUS_HEALTHY, 1), code);
    if (id != foreign) CHECK_EQ(meshvitals_status(m, id), MESHVITALS_STATUS_UNKNOWN);
  }
  CHECK(meshvitals_cell(m, 0) == NULL && meshvitals_cell(m, UINT64_MAX) == NULL);
  CHECK_EQ(meshvitals_report_traffic(m, beat, 1, 1, 1), MESHVITALS_ERROR_UNSUPPORTED);
}

static void texts_that_are_no_utf8(void) {
  const int32_t utf8 = MESHVITALS_ERROR_UTF8;
  meshvitals_monitor_t *out = NULL;
  meshvitals_check_id_t id = 77;
  meshvitals_result_t result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  REFUSED(utf8, meshvitals_monitor_new(BAD, &out, error));
  REFUSED(utf8, meshvitals_register(m, BAD, &id, error));
  REFUSED(utf8, meshvitals_register_many(m, BAD, &id, 1, NULL, error));
  REFUSED(utf8, meshvitals_register_callback(m, BAD, run, NULL, drop, &id, error));
  REFUSED(utf8, meshvitals_replace(m, BAD, &id, error));
  REFUSED(utf8, meshvitals_probe_once(BAD, GOOD, &result, error));
  REFUSED(utf8, meshvitals_probe_once(NULL, BAD, &result, error));
  CHECK_EQ(meshvitals_find(m, BAD, &id), utf8);
  CHECK_EQ(meshvitals_group_find(m, BAD, &id), utf8);
  CHECK_EQ(meshvitals_render(m, BAD, NULL, 0), utf8);
  result.outcome = MESHVITALS_OUTCOME_PASS;
  strcpy(result.message, BAD);
  CHECK_EQ(meshvitals_report(m, beat, &result), utf8);
  memset(result.message, 'x', sizeof result.message);
  CHECK_EQ(meshvitals_report(m, beat, &result), MESHVITALS_ERROR_RANGE);
  CHECK(out == NULL && id == 77 && drops == 0);
}

static void numbers_that_are_none(void) {
  const int32_t range = MESHVITALS_ERROR_RANGE;
  const int32_t outcomes[] = {0, -1, 6, 256 + 1, INT32_MIN, INT32_MAX};
  const int32_t statuses[] = {-1, 4, 256 + 1, INT32_MIN, INT32_MAX};
  const int32_t flags[] = {-1, 2, INT32_MIN, INT32_MAX};
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t ids[2] = {77, 77};
  meshvitals_result_t result;
  size_t at, count = 77;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  for (at = 0; at < sizeof outcomes / sizeof outcomes[0]; at++) {
    result.outcome = outcomes[at];
    CHECK_EQ(meshvitals_report(m, beat, &result), range);
  }
  for (at = 0; at < sizeof statuses / sizeof statuses[0]; at++) {
    CHECK_EQ(meshvitals_override(m, beat, statuses[at], 1), range);
  }
  for (at = 0; at < sizeof flags / sizeof flags[0]; at++) {
    CHECK_EQ(meshvitals_pause(m, beat, flags[at]), range);
    CHECK_EQ(meshvitals_set_log(m, flags[at] == 2 ? 4 : flags[at], write_line, NULL, drop), range);
  }
  result.outcome = MESHVITALS_OUTCOME_PASS;
  result.finished_ns = UINT64_MAX;
  CHECK_EQ(meshvitals_report(m, beat, &result), range);
  result.finished_ns = 0;
  result.token = 5;
  CHECK_EQ(meshvitals_report(m, beat, &result), MESHVITALS_ERROR_MODE);
  REFUSED(range, meshvitals_subscribe(m, 0, 1, &events, error));
  REFUSED(range, meshvitals_subscribe(m, 32, 1, &events, error));
  REFUSED(range, meshvitals_subscribe(m, UINT32_MAX, 1, &events, error));
  REFUSED(range, meshvitals_subscribe(m, 1, 0, &events, error));
  REFUSED(range, meshvitals_subscribe(m, 1, UINT32_MAX, &events, error));
  CHECK_EQ(meshvitals_render(m, "xml", NULL, 0), range);
  CHECK(strcmp(meshvitals_code_text(-19), "unknown code") == 0);
  CHECK(strcmp(meshvitals_code_text(INT32_MAX), "unknown code") == 0);
  CHECK(strcmp(meshvitals_reason_text(-1), "unknown reason") == 0);
  CHECK(strcmp(meshvitals_reason_text(INT32_MIN), "unknown reason") == 0);
  /* Room for fewer ids than the array has checks; more room than there is memory is fine. */
  REFUSED(range, meshvitals_register_many(
                     m,
                     "[{\"name\": \"x\", \"external\": {}}, {\"name\": \"y\", \"external\": {}}]",
                     ids, 1, &count, error));
  CHECK_EQ(meshvitals_register_many(m, "[]", ids, SIZE_MAX, NULL, NULL), MESHVITALS_OK);
  CHECK_EQ(meshvitals_list(m, ids, SIZE_MAX), 1);
  CHECK(ids[0] == beat && ids[1] == 77 && count == 77 && events == NULL && drops == 0);
}

static void huge_nonsense(void) {
  static const char *const sorts[] = {"x", "[", "{\"a\":", "\"", "9", "\xf0\x9f\x92\xa9", " "};
  const size_t size = 1u << 20;
  char *text = (char *)malloc(size + 1);
  meshvitals_monitor_t *out = NULL;
  meshvitals_check_id_t id = 77;
  meshvitals_result_t result;
  size_t sort, at;
  CHECK(text != NULL);
  result.struct_size = sizeof result;
  for (sort = 0; sort < sizeof sorts / sizeof sorts[0]; sort++) {
    const size_t length = strlen(sorts[sort]);
    for (at = 0; at + length <= size; at += length) memcpy(text + at, sorts[sort], length);
    text[at] = 0;
    REFUSED(MESHVITALS_ERROR_DOCUMENT, meshvitals_monitor_new(text, &out, error));
    REFUSED(MESHVITALS_ERROR_DOCUMENT, meshvitals_register(m, text, &id, error));
    REFUSED(MESHVITALS_ERROR_DOCUMENT, meshvitals_register_many(m, text, &id, 1, NULL, error));
    REFUSED(MESHVITALS_ERROR_DOCUMENT,
            meshvitals_register_callback(m, text, run, NULL, drop, &id, error));
    REFUSED(MESHVITALS_ERROR_DOCUMENT, meshvitals_replace(m, text, &id, error));
    REFUSED(MESHVITALS_ERROR_DOCUMENT, meshvitals_probe_once(text, GOOD, &result, error));
    REFUSED(MESHVITALS_ERROR_DOCUMENT, meshvitals_probe_once(NULL, text, &result, error));
    CHECK_EQ(meshvitals_find(m, text, &id), MESHVITALS_ERROR_NOT_FOUND);
    CHECK_EQ(meshvitals_group_find(m, text, &id), MESHVITALS_ERROR_NOT_FOUND);
    CHECK_EQ(meshvitals_render(m, text, NULL, 0), MESHVITALS_ERROR_RANGE);
  }
  free(text);
  CHECK(out == NULL && id == 77 && drops == 0);
}

static void the_monitor_of(void (*calls)(void)) {
  char *before = report_of(m), *after;
  calls();
  after = report_of(m);
  CHECK(strcmp(before, after) == 0);
  free(before);
  free(after);
}

int main(void) {
  meshvitals_monitor_t *other = NULL;
  meshvitals_result_t pass;
  CHECK_OK(meshvitals_monitor_new("{\"clock\": \"manual\"}", &m, &err), &err);
  CHECK_OK(meshvitals_monitor_new("{\"clock\": \"manual\"}", &other, &err), &err);
  CHECK_OK(meshvitals_register(m, GOOD, &removed, &err), &err);
  CHECK_OK(meshvitals_register(other, GOOD, &foreign, &err), &err);
  CHECK_EQ(meshvitals_unregister(m, removed), MESHVITALS_OK);
  CHECK_OK(meshvitals_register(
               m, "{\"name\": \"beat\", \"heartbeat\": {\"ttl\": \"1h\"}, \"tags\": [\"t\"]}",
               &beat, &err),
           &err);
  memset(&pass, 0, sizeof pass);
  pass.struct_size = sizeof pass;
  pass.outcome = MESHVITALS_OUTCOME_PASS;
  CHECK_EQ(meshvitals_report(m, beat, &pass), MESHVITALS_OK);
  CHECK_EQ(meshvitals_status(m, beat), MESHVITALS_STATUS_HEALTHY);

  the_monitor_of(null_pointers);
  the_monitor_of(ids_that_are_none);
  the_monitor_of(texts_that_are_no_utf8);
  the_monitor_of(numbers_that_are_none);
  the_monitor_of(huge_nonsense);
  CHECK_EQ(meshvitals_status(m, beat), MESHVITALS_STATUS_HEALTHY);
  meshvitals_monitor_free(other);
  meshvitals_monitor_free(m);

#ifdef OVERFLOW
  {
    volatile char *byte = (volatile char *)malloc(8);
    byte[8] = 1;
    free((void *)byte);
  }
#endif
  return 0;
}
