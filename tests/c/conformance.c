/* Replays the shared vectors through the C interface: `conformance FILE...`. A file that it does
   not know, and one without a case, is a failure. */
#include "documents.h"
#include "scenario_play.h"

static int replay_scenario(const struct vectors *v) {
  scenario_play(v);
  return 1;
}

/* A number, its name both ways, and its text. */
static int replay_constant(const struct vectors *v) {
  const struct vector *now = &v->now;
  const struct constant *here;
  const char *text = NULL;
  VECTOR_CHECK(v, now->table != NULL && now->name != NULL);
  if (strcmp(now->table, "code") == 0) text = meshvitals_code_text((int32_t)now->number);
  if (strcmp(now->table, "reason") == 0) text = meshvitals_reason_text((int32_t)now->number);
  if ((text == NULL) != (now->text == NULL) || (text != NULL && strcmp(text, now->text) != 0)) {
    fprintf(stderr, "%s:%d: %s: its text is %s\n", v->path, now->line, now->why, text);
    return 0;
  }
  here = constant_named(now->table, now->name);
  /* Without a name it is a number that nobody gave out. */
  if (*now->name == 0 ? constant_name(now->table, now->number) == NULL
                      : here != NULL && here->number == now->number)
    return 1;
  fprintf(stderr, "%s:%d: %s: %s %s is another number\n", v->path, now->line, now->why, now->table,
          now->name);
  return 0;
}

static const struct {
  const char *name;
  int (*replay)(const struct vectors *v);
} runners[] = {
    {"documents.jsonl", document_agrees},  {"codes.jsonl", replay_constant},
    {"thresholds.jsonl", replay_scenario}, {"schedules.jsonl", replay_scenario},
    {"reports.jsonl", replay_scenario},    {"aggregation.jsonl", replay_scenario},
    {"freshness.jsonl", replay_scenario},  {"masks.jsonl", replay_scenario},
    {"events.jsonl", replay_scenario},
};

static int replay_file(const char *path) {
  const char *const name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
  struct vectors v;
  int wrong = 0, count = 0, named = 0;
  size_t at = 0;
  while (strcmp(runners[at].name, name) != 0)
    if (++at == sizeof runners / sizeof runners[0]) CHECK_FAIL("%s: nobody replays it", path);
  for (vectors_open(&v, path); vectors_next(&v) != NULL; count++) {
    wrong += !runners[at].replay(&v);
    named += v.now.table != NULL && *v.now.name != 0;
  }
  vectors_close(&v);
  if (count == 0) CHECK_FAIL("%s: no case ran", path);
  /* Nothing of ours is missing there either. */
  if (runners[at].replay == replay_constant) CHECK_EQ(named, CONSTANTS);
  printf("%s: %d cases\n", name, count);
  return wrong;
}

int main(int argc, char **argv) {
  int wrong = 0, at;
  CHECK(argc > 1);
  for (at = 1; at < argc; at++) wrong += replay_file(argv[at]);
  return wrong != 0;
}
