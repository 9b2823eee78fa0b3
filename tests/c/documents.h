/* Replays the vectors of documents: every document meets a monitor with a manual clock and one with
   a clock of its own that is never started. A right document may be refused only for what the
   monitor is, not for what it says: its probe does not fit a manual clock, a check that it depends
   on is not there, or its function is not given with it. */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

#include "vectors.h"

static meshvitals_error_t err;

static int32_t run(void *user, const meshvitals_run_t *told, meshvitals_result_t *out) {
  (void)user, (void)told, (void)out;
  return 0;
}

static meshvitals_monitor_t *monitor_of(const char *config) {
  meshvitals_monitor_t *monitor = NULL;
  CHECK_OK(meshvitals_monitor_new(config, &monitor, &err), &err);
  return monitor;
}

/* Whether only what the monitor is stands against the document in `err`. */
static int only_the_monitor(void) {
  return err.code == MESHVITALS_ERROR_MODE ||
         (strcmp(err.key, "/depends_on") == 0 && strstr(err.message, "is not registered") != NULL);
}

/* With its function and what the vectors depend on nothing may stand against it. */
static meshvitals_code_t check_with_a_clock(const char *document) {
  meshvitals_monitor_t *monitor = monitor_of("{}");
  meshvitals_code_t code = meshvitals_register(monitor, document, NULL, &err);
  if (code == MESHVITALS_ERROR_DOCUMENT && only_the_monitor()) {
    meshvitals_error_t other;
    CHECK_OK(meshvitals_register(monitor, "{\"name\": \"b\", \"heartbeat\": {\"ttl\": 1}}", NULL,
                                 &other), &other);
    code = meshvitals_register(monitor, document, NULL, &err);
  }
  if (code == MESHVITALS_ERROR_MODE)
    code = meshvitals_register_callback(monitor, document, run, NULL, NULL, NULL, &err);
  CHECK_EQ(err.code, code);
  meshvitals_monitor_free(monitor);
  return code;
}

static meshvitals_code_t manual(const char *document, int many) {
  meshvitals_monitor_t *monitor = monitor_of("{\"clock\": \"manual\"}");
  meshvitals_code_t code = many
      ? meshvitals_register_many(monitor, document, NULL, 0, NULL, &err)
      : meshvitals_register(monitor, document, NULL, &err);
  if (only_the_monitor()) code = MESHVITALS_OK;
  meshvitals_monitor_free(monitor);
  return code;
}

static meshvitals_code_t many_with_a_clock(const char *document) {
  meshvitals_monitor_t *monitor = monitor_of("{}");
  const int64_t before = meshvitals_list(monitor, NULL, 0);
  const meshvitals_code_t code =
      meshvitals_register_many(monitor, document, NULL, 0, NULL, &err);
  /* All or nothing. */
  if (code != MESHVITALS_OK) CHECK_EQ(meshvitals_list(monitor, NULL, 0), before);
  meshvitals_monitor_free(monitor);
  return code;
}

static meshvitals_code_t whole(const char *document) {
  meshvitals_monitor_t *monitor = NULL;
  const meshvitals_code_t code = meshvitals_monitor_new(document, &monitor, &err);
  CHECK((monitor != NULL) == (code == MESHVITALS_OK));
  meshvitals_monitor_free(monitor);
  /* A callback has no function in the configuration. */
  return code == MESHVITALS_ERROR_MODE && strstr(err.key, "/callback") ? MESHVITALS_OK : code;
}

/* Whether the case that was read last is answered as it says. */
static int document_agrees(const struct vectors *v) {
  const struct vector *now = &v->now;
  int agrees = 1, many;
  meshvitals_code_t code;
  VECTOR_CHECK(v, now->kind != NULL && now->document != NULL);
  many = strcmp(now->kind, "checks") == 0;
  if (strcmp(now->kind, "monitor") == 0) {
    code = whole(now->document);
  } else {
    VECTOR_CHECK(v, many || strcmp(now->kind, "check") == 0);
    code = manual(now->document, many);
    agrees = vector_agrees(v, "manual", code, err.key, err.message);
    code = many ? many_with_a_clock(now->document) : check_with_a_clock(now->document);
  }
  return vector_agrees(v, now->kind, code, err.key, err.message) && agrees;
}

#endif
