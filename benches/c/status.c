/* Measures what it costs a C program to read a status: the inline read of a cell, the call
   meshvitals_status, and the clock that the call has to read.

   Arguments: the port of a target, and the interval of 64 checks of it. With "10ms" the engine
   writes the cell that is read, and 63 others, a hundred times a second; with "1h" it sleeps.
   Writes three figures: nanoseconds a read, a call and a reading of the clock. */

#define _GNU_SOURCE
#include <meshvitals.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHECKS = 64, CHUNKS = 41, READS = 1 << 22, CALLS = 1 << 16 };

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median, so that a chunk in which something else got the processor does not count. */
static double median(double *figures) {
  qsort(figures, CHUNKS, sizeof *figures, by_size);
  return figures[CHUNKS / 2];
}

/* Where sums end up, so that no read can be left out. */
static volatile uint64_t sink;

static double read_ns(const meshvitals_cell_t *cell, meshvitals_check_id_t id) {
  double figures[CHUNKS];
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    uint64_t sum = 0;
    const double begin = now_ns();
    for (int i = 0; i < READS; i += 8) {
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
      sum += (uint64_t)meshvitals_cell_status(cell, id);
    }
    figures[chunk] = (now_ns() - begin) / READS;
    sink = sum;
  }
  return median(figures);
}

static double call_ns(const meshvitals_monitor_t *monitor, meshvitals_check_id_t id) {
  double figures[CHUNKS];
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    uint64_t sum = 0;
    const double begin = now_ns();
    for (int i = 0; i < CALLS; i++) sum += (uint64_t)meshvitals_status(monitor, id);
    figures[chunk] = (now_ns() - begin) / CALLS;
    sink = sum;
  }
  return median(figures);
}

static double clock_ns(void) {
  double figures[CHUNKS];
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    uint64_t sum = 0;
    struct timespec now;
    const double begin = now_ns();
    for (int i = 0; i < CALLS; i++) {
      clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
      sum += (uint64_t)now.tv_nsec;
    }
    figures[chunk] = (now_ns() - begin) / CALLS;
    sink = sum;
  }
  return median(figures);
}

static int fail(const char *what, const meshvitals_error_t *error) {
  fprintf(stderr, "%s: %s\n", what, error->message);
  return 1;
}

int main(int argc, char **argv) {
  static const char CONFIG[] = "{\"system_checks\": false, \"start_spread\": 0}";
  meshvitals_monitor_t *monitor = NULL;
  meshvitals_check_id_t ids[CHECKS];
  meshvitals_error_t error = {0};
  if (argc != 3) {
    fputs("status <port> <interval>\n", stderr);
    return 2;
  }
  if (meshvitals_monitor_new(CONFIG, &monitor, &error) != 0) return fail("new", &error);
  if (meshvitals_monitor_start(monitor, &error) != 0) return fail("start", &error);
  for (int i = 0; i < CHECKS; i++) {
    char document[256];
    snprintf(document, sizeof document,
             "{\"name\": \"t%d\", \"tcp\": {\"address\": \"127.2.0.%d:%s\", \"connect\": \"fast\"}, "
             "\"interval\": \"%s\"}", i, i + 1, argv[1], argv[2]);
    if (meshvitals_register(monitor, document, &ids[i], &error) != 0) return fail("register", &error);
  }
  const double limit = now_ns() + 10e9;
  while (meshvitals_overall(monitor) != MESHVITALS_STATUS_HEALTHY) {
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
    if (now_ns() > limit) {
      fputs("the checks do not pass\n", stderr);
      return 1;
    }
  }
  const double read = read_ns(meshvitals_cell(monitor, ids[0]), ids[0]);
  const double call = call_ns(monitor, ids[0]);
  const double clock = clock_ns();
  printf("%f %f %f\n", read, call, clock);
  meshvitals_monitor_free(monitor);
  return 0;
}
