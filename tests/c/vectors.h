/* Reads the shared vectors: files of one JSON object a line, whose values are texts, whole numbers,
   truths and lists of texts. What it does not know ends the program, so that no case is half
   read. */
#ifndef VECTORS_H
#define VECTORS_H

#include "constants.h"

enum { VECTOR_WORDS = 40 };

/* One case; a text that is not there is NULL. The texts live until the next case is read. */
struct vector {
  int line;
  char *why, *kind, *document, *code, *key, *monitor, *table, *name, *text;
  int ok;
  long long number;
  char *says[VECTOR_WORDS + 1], *hides[VECTOR_WORDS + 1], *steps[VECTOR_WORDS + 1];
};

struct vectors {
  const char *path;
  FILE *file;
  char *line;
  size_t capacity;
  const char *at;
  char *texts, *free_text;
  struct vector now;
};

#define VECTOR_CHECK(vectors, condition)                                          \
  do {                                                                            \
    if (!(condition))                                                             \
      CHECK_FAIL("%s:%d: %s, at `%.20s`", (vectors)->path, (vectors)->now.line,   \
                 #condition, (vectors)->at ? (vectors)->at : "");                 \
  } while (0)

static inline void vectors_open(struct vectors *v, const char *path) {
  memset(v, 0, sizeof *v);
  v->path = path;
  v->file = fopen(path, "r");
  if (v->file == NULL) CHECK_FAIL("%s: %s", path, strerror(errno));
}

static inline void vectors_close(struct vectors *v) {
  fclose(v->file);
  free(v->line);
  free(v->texts);
}

static inline int vectors_take(struct vectors *v, char wanted) {
  v->at += strspn(v->at, " \n");
  if (*v->at != wanted) return 0;
  v->at++;
  return 1;
}

static inline unsigned vectors_hex(struct vectors *v) {
  static const char digits[] = "0123456789abcdef";
  unsigned value = 0;
  int digit;
  for (digit = 0; digit < 4; digit++, v->at++) {
    const char *found = strchr(digits, *v->at | 0x20);
    VECTOR_CHECK(v, *v->at != 0 && found != NULL);
    value = value * 16 + (unsigned)(found - digits);
  }
  return value;
}

static inline void vectors_put(struct vectors *v, unsigned letter) {
  char *out = v->free_text;
  if (letter < 0x80) {
    *out++ = (char)letter;
  } else if (letter < 0x800) {
    *out++ = (char)(0xc0 | letter >> 6);
    *out++ = (char)(0x80 | (letter & 0x3f));
  } else if (letter < 0x10000) {
    *out++ = (char)(0xe0 | letter >> 12);
    *out++ = (char)(0x80 | (letter >> 6 & 0x3f));
    *out++ = (char)(0x80 | (letter & 0x3f));
  } else {
    *out++ = (char)(0xf0 | letter >> 18);
    *out++ = (char)(0x80 | (letter >> 12 & 0x3f));
    *out++ = (char)(0x80 | (letter >> 6 & 0x3f));
    *out++ = (char)(0x80 | (letter & 0x3f));
  }
  v->free_text = out;
}

/* A text in quotes; it is never longer than what it is written as. */
static inline char *vectors_text(struct vectors *v) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  char *const text = v->free_text;
  VECTOR_CHECK(v, vectors_take(v, '"'));
  while (*v->at != '"') {
    VECTOR_CHECK(v, *v->at != 0 && *v->at != '\n');
    if (*v->at != '\\') {
      *v->free_text++ = *v->at++;
    } else if (v->at[1] == 'u') {
      unsigned letter;
      v->at += 2;
      letter = vectors_hex(v);
      if (letter >> 10 == 0xd800 >> 10) {
        VECTOR_CHECK(v, v->at[0] == '\\' && v->at[1] == 'u');
        v->at += 2;
        letter = 0x10000 + ((letter & 0x3ff) << 10) + (vectors_hex(v) & 0x3ff);
      }
      /* The C interface could not take such a document. */
      VECTOR_CHECK(v, letter != 0);
      vectors_put(v, letter);
    } else {
      const char *name = strchr(names, v->at[1]);
      VECTOR_CHECK(v, v->at[1] != 0 && name != NULL);
      *v->free_text++ = meanings[name - names];
      v->at += 2;
    }
  }
  v->at++;
  *v->free_text++ = 0;
  return text;
}

static inline void vectors_list(struct vectors *v, char **list) {
  int count = 0;
  VECTOR_CHECK(v, vectors_take(v, '['));
  if (vectors_take(v, ']')) return;
  do {
    VECTOR_CHECK(v, count < VECTOR_WORDS);
    list[count++] = vectors_text(v);
  } while (vectors_take(v, ','));
  VECTOR_CHECK(v, vectors_take(v, ']'));
}

static inline void vectors_member(struct vectors *v) {
  struct vector *now = &v->now;
  const char *key = vectors_text(v);
  char **const texts[] = {&now->why, &now->kind,    &now->document, &now->code, &now->key,
                          &now->name, &now->monitor, &now->table,    &now->text};
  const char *const names[] = {"why",  "kind",    "document", "code", "key",
                               "name", "monitor", "table",    "text"};
  char *end;
  size_t at;
  VECTOR_CHECK(v, vectors_take(v, ':'));
  v->at += strspn(v->at, " ");
  for (at = 0; at < sizeof names / sizeof names[0]; at++) {
    if (strcmp(key, names[at]) == 0) {
      *texts[at] = vectors_text(v);
      return;
    }
  }
  if (strcmp(key, "says") == 0) {
    vectors_list(v, now->says);
  } else if (strcmp(key, "hides") == 0) {
    vectors_list(v, now->hides);
  } else if (strcmp(key, "steps") == 0) {
    vectors_list(v, now->steps);
  } else if (strcmp(key, "number") == 0) {
    now->number = strtoll(v->at, &end, 10);
    VECTOR_CHECK(v, end != v->at);
    v->at = end;
  } else {
    VECTOR_CHECK(v, strcmp(key, "ok") == 0 && strncmp(v->at, "true", 4) == 0);
    now->ok = 1;
    v->at += 4;
  }
}

/* The next case, or NULL at the end. */
static inline const struct vector *vectors_next(struct vectors *v) {
  const int line = v->now.line + 1;
  const ssize_t length = getline(&v->line, &v->capacity, v->file);
  if (length < 0) return NULL;
  free(v->texts);
  /* Every text has its quotes to spare, so all of them with their NULs fit. */
  v->texts = v->free_text = (char *)malloc((size_t)length + 1);
  CHECK(v->texts != NULL);
  memset(&v->now, 0, sizeof v->now);
  v->now.line = line;
  v->at = v->line;
  VECTOR_CHECK(v, vectors_take(v, '{'));
  do vectors_member(v);
  while (vectors_take(v, ','));
  VECTOR_CHECK(v, vectors_take(v, '}') && v->at[strspn(v->at, " \n")] == 0);
  VECTOR_CHECK(v, v->now.why != NULL);
  return &v->now;
}

/* The number of a code's name. */
static inline meshvitals_code_t vector_code(const struct vectors *v, const char *name) {
  const struct constant *code = constant_named("code", name);
  VECTOR_CHECK(v, code != NULL);
  return (meshvitals_code_t)code->number;
}

/* Whether the answer is the one that the case asks for; says what differs. */
static inline int vector_agrees(const struct vectors *v, const char *way, meshvitals_code_t code,
                                const char *key, const char *message) {
  const struct vector *now = &v->now;
  const char *problem = NULL;
  char *const *words;
  /* A document is taken, or refused with a code. */
  VECTOR_CHECK(v, now->kind != NULL && now->document != NULL && now->ok == (now->code == NULL));
  if (code != (now->ok ? MESHVITALS_OK : vector_code(v, now->code))) problem = "the code";
  if (problem == NULL && !now->ok && strcmp(key, now->key) != 0) problem = "the key";
  for (words = now->says; *words != NULL && problem == NULL; words++)
    if (strstr(message, *words) == NULL) problem = *words;
  for (words = now->hides; *words != NULL && problem == NULL; words++)
    if (strstr(message, *words) != NULL || strstr(key, *words) != NULL) problem = *words;
  if (problem != NULL)
    fprintf(stderr, "%s:%d: %s: %s (%s): %d at `%s`: %s\n", v->path, now->line, now->why, problem,
            way, (int)code, key, message);
  return problem == NULL;
}

#endif
