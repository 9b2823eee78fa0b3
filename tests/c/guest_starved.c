/* A background thread that gets no time at all: a tracer stops it, and only it. Who compares the
   time sees that from the cells, at the instant that they name; who does not sees the last status;
   and when the thread goes on all is well again, without a word against any target. */

#include "guest.h"

#include <sys/ptrace.h>

static int orders[2], answers[2];

/* A process that stops the thread whose number it is told, and lets it go on, until the end. */
static void tracer(void) {
  pid_t thread;
  int status;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(orders[1]);
  while (read(orders[0], &thread, sizeof thread) == (ssize_t)sizeof thread) {
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0) {
      say(answers[1], errno == EPERM ? 'R' : 'E');
      continue;
    }
    NEED(ptrace(PTRACE_INTERRUPT, thread, 0, 0) == 0, errno);
    NEED(waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status), errno);
    say(answers[1], 'S');
    pid_t same;
    NEED(read(orders[0], &same, sizeof same) == (ssize_t)sizeof same && same == thread, errno);
    NEED(ptrace(PTRACE_DETACH, thread, 0, 0) == 0, errno);
    say(answers[1], 'G');
  }
  _exit(0);
}

static char order(pid_t thread) {
  NEED(write(orders[1], &thread, sizeof thread) == (ssize_t)sizeof thread, errno);
  return await_byte(answers[0]);
}

/* The first line of a file of a thread, or nothing if the thread has ended. */
static const char *line(const char *thread, const char *file, char *into, size_t size) {
  FILE *opened = fopen(TEXT("/proc/self/task/%s/%s", thread, file), "re");
  into[0] = 0;
  if (opened != NULL) {
    if (fgets(into, (int)size, opened) == NULL) into[0] = 0;
    fclose(opened);
  }
  return into;
}

/* The background thread, once it sleeps: then it is in no lock, and calls do not wait for it. */
static pid_t asleep(void) {
  char text[512];
  for (time_t until = time(NULL) + SECONDS;; sched_yield()) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    pid_t found = 0;
    NEED(tasks != NULL, errno);
    while (found == 0 && (task = readdir(tasks)) != NULL)
      if (strcmp(line(task->d_name, "comm", text, sizeof text), "meshvitals\n") == 0) {
        const char *state = strrchr(line(task->d_name, "stat", text, sizeof text), ')');
        if (state != NULL && state[2] == 'S') found = (pid_t)atol(task->d_name);
      }
    closedir(tasks);
    if (found != 0) return found;
    NEED(time(NULL) < until, 0);
  }
}

typedef struct {
  meshvitals_check_id_t id;
  const meshvitals_cell_t *cell;
} watched_t;

static watched_t watch(meshvitals_monitor_t *monitor, meshvitals_check_id_t id) {
  watched_t watched = {id, meshvitals_cell(monitor, id)};
  NEED(watched.cell != NULL, id);
  return watched;
}

static int last_status(watched_t watched) {
  return meshvitals_cell_status(watched.cell, watched.id);
}

static int status_now(meshvitals_monitor_t *monitor, watched_t watched) {
  return meshvitals_cell_status_at(watched.cell, watched.id, meshvitals_now_ns(monitor));
}

static void await_healthy(meshvitals_monitor_t *monitor, watched_t watched) {
  for (time_t until = time(NULL) + SECONDS; status_now(monitor, watched) != 1; sched_yield())
    NEED(time(NULL) < until, status_now(monitor, watched));
}

/* Looks on until the status is too old; it may be believed up to its end and no longer. */
static void await_end(meshvitals_monitor_t *monitor, watched_t watched) {
  const uint64_t end = watched.cell->fresh_until_ns;
  for (;; sched_yield()) {
    uint64_t now = meshvitals_now_ns(monitor);
    int status = meshvitals_cell_status_at(watched.cell, watched.id, now);
    NEED(watched.cell->fresh_until_ns == end, end);
    NEED(last_status(watched) == MESHVITALS_STATUS_HEALTHY, last_status(watched));
    NEED(status == (now < end ? MESHVITALS_STATUS_HEALTHY : MESHVITALS_STATUS_UNKNOWN), status);
    if (now >= end) break;
  }
  /* A call compares the time, too, with a clock that is a little behind. */
  while (meshvitals_status(monitor, watched.id) != MESHVITALS_STATUS_UNKNOWN) sched_yield();
}

static const uint64_t SECOND = 1000000000, INTERVAL = 100000000, TIMEOUT = 500000000;
/* The grid of the turns and the jitter of the runs together are less than this. */
static const uint64_t ROOM = 100000000;

/* Everything that is published ends at the instant that it names. */
static void with_something_due(int port) {
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  meshvitals_subscription_t *changes = subscribe(monitor, MESHVITALS_KIND_STATUS);
  meshvitals_check_id_t self, all;
  GOOD(meshvitals_find(monitor, "meshvitals.self", &self));
  GOOD(meshvitals_group_find(monitor, "overall", &all));
  meshvitals_check_id_t id =
      add(monitor, TEXT("{\"name\": \"c\", \"tcp\": {\"address\": \"127.0.0.1:%d\"},"
                        "\"interval\": \"100ms\", \"timeout\": \"500ms\"}", port));
  watched_t check = watch(monitor, id), own = watch(monitor, self), whole = watch(monitor, all);
  GOOD(meshvitals_monitor_start(monitor, NULL));

  pid_t thread;
  for (;;) {
    await_healthy(monitor, check);
    await_healthy(monitor, own);
    await_healthy(monitor, whole);
    thread = asleep();
    char stopped = order(thread);
    if (stopped == 'R') {
      /* The kernel lets no process of ours trace another. */
      fprintf(stderr, "skipped: no thread can be traced here\n");
      exit(0);
    }
    NEED(stopped == 'S', stopped);
    /* On a busy machine it may just have found something too old. */
    if (last_status(check) == 1 && last_status(own) == 1 && last_status(whole) == 1) break;
    NEED(order(thread) == 'G', 0);
  }
  uint64_t now = meshvitals_now_ns(monitor);
  /* A run may have been in flight: then the plan was its deadline. */
  NEED(own.cell->fresh_until_ns <= now + TIMEOUT + ROOM + 2 * SECOND, now);
  NEED(check.cell->fresh_until_ns <= now + 2 * INTERVAL + TIMEOUT, now);
  await_end(monitor, check);
  await_end(monitor, own);
  await_end(monitor, whole);
  NEED(order(thread) == 'G', 0);

  await_healthy(monitor, check);
  await_healthy(monitor, own);
  await_healthy(monitor, whole);
  meshvitals_event_t event;
  while (meshvitals_poll(changes, &event, sizeof event, 1, 0) == 1)
    NEED(event.status <= MESHVITALS_STATUS_HEALTHY, event.status);
  meshvitals_subscription_free(changes);
  meshvitals_monitor_free(monitor);
}

/* A plan that a call from outside makes sooner is the one that counts. */
static void with_something_new(int port) {
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  meshvitals_check_id_t self;
  GOOD(meshvitals_find(monitor, "meshvitals.self", &self));
  watched_t own = watch(monitor, self);
  add(monitor, "{\"name\": \"rare\", \"heartbeat\": {\"ttl\": \"1h\"}}");
  GOOD(meshvitals_monitor_start(monitor, NULL));
  await_healthy(monitor, own);
  pid_t thread = asleep();
  NEED(order(thread) == 'S', 0);
  NEED(own.cell->fresh_until_ns > meshvitals_now_ns(monitor) + 3000 * SECOND, 0);
  add(monitor, TEXT("{\"name\": \"c\", \"tcp\": {\"address\": \"127.0.0.1:%d\"},"
                    "\"initial_delay\": 0}", port));
  NEED(own.cell->fresh_until_ns <= meshvitals_now_ns(monitor) + ROOM + 2 * SECOND, 0);
  await_end(monitor, own);
  NEED(order(thread) == 'G', 0);
  await_healthy(monitor, own);
  meshvitals_monitor_free(monitor);
}

int main(void) {
  alarm(100);
  NEED(pipe2(orders, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, errno);
  pid_t made = fork();
  NEED(made >= 0, errno);
  if (made == 0) tracer();
  /* Where a process may trace only its children unless it was asked to. */
  prctl(PR_SET_PTRACER, made, 0, 0, 0);
  int port = serve();
  with_something_due(port);
  with_something_new(port);
  close(orders[1]);
  NEED(waitpid(made, NULL, 0) == made, errno);
  return 0;
}
