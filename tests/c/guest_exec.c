/* Programs that the library runs, in a host that forks, whose children end, and that ignores or
   takes the ends of children: nothing of it reaches the programs, and nothing of them the host. */

#include <sys/stat.h>

#include "guest.h"

#define FORKS 24
#define CONFIG                                                                             \
  "{\"system_checks\": false, \"start_spread\": \"0ms\", \"allow_exec\": true}"

/* A program that says so on its start, and stays. */
static const char *hanging(const char *name, const char *fifo) {
  static char document[1024];
  return text(document, sizeof document,
              "{\"name\": \"%s\", \"timeout\": \"200s\", \"interval\": \"1h\", \"exec\": "
              "{\"command\": [\"/bin/sh\", \"-c\", \"echo > %s; while :; do sleep 1000; done\"]}}",
              name, fifo);
}

static const char *quick(const char *name) {
  static char document[512];
  return text(document, sizeof document,
              "{\"name\": \"%s\", \"timeout\": \"20s\", \"interval\": \"20ms\", \"exec\": "
              "{\"command\": [\"/bin/sh\", \"-c\", \"exit 0\"]}}",
              name);
}

/* Pipes and watches of processes that are open here. */
static int pipes(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++) {
    char name[256];
    ssize_t length = readlink(TEXT("/proc/self/fd/%d", fd), name, sizeof name - 1);
    if (length <= 0) continue;
    name[length] = 0;
    count += strncmp(name, "pipe:", 5) == 0 || strstr(name, "pidfd") != NULL;
  }
  return count;
}

int main(void) {
  alarm(120);
  char directory[] = "/tmp/guest_exec_XXXXXX";
  NEED(mkdtemp(directory) != NULL, errno);
  const char *fifo = TEXT("%s/fifo", directory);
  NEED(mkfifo(fifo, 0600) == 0, errno);
  int before = pipes();
  int said = open(fifo, O_RDWR | O_CLOEXEC);
  NEED(said >= 0, errno);

  meshvitals_monitor_t *monitor = started(CONFIG);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  add(monitor, hanging("hanging", fifo));
  await_byte(said);
  NEED(pipes() > before, before);

  /* A child of the host has no copy of what belongs to a program, and its end ends none. */
  meshvitals_check_id_t quick_one = add(monitor, quick("quick"));
  for (int i = 0; i < FORKS; i++) {
    await_result(results, quick_one, MESHVITALS_OUTCOME_PASS);
    pid_t made = fork();
    NEED(made >= 0, errno);
    if (made == 0) {
      alarm(20);
      NEED(pipes() == before, pipes());
      if (i % 2 == 0) meshvitals_monitor_free(monitor);
      _exit(0);
    }
    int status;
    NEED(waitpid(made, &status, 0) == made && status == 0, status);
  }
  GOOD(meshvitals_unregister(monitor, quick_one));

  /* A host that ignores SIGCHLD has the system take every end: nothing is known then. */
  signal(SIGCHLD, SIG_IGN);
  meshvitals_check_id_t ignored = add(monitor, quick("ignored"));
  meshvitals_event_t event = await_result(results, ignored, MESHVITALS_OUTCOME_LOCAL);
  NEED(event.reason == MESHVITALS_REASON_LOCAL_FAILED && event.detail == ECHILD, event.reason);
  GOOD(meshvitals_unregister(monitor, ignored));
  signal(SIGCHLD, SIG_DFL);
  meshvitals_check_id_t again = add(monitor, quick("again"));
  await_result(results, again, MESHVITALS_OUTCOME_PASS);
  GOOD(meshvitals_unregister(monitor, again));

  /* The program has outlived all that, and goes with its monitor. */
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  NEED(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, errno);
  NEED(pipes() == before, pipes());
  meshvitals_subscription_free(results);
  meshvitals_monitor_free(monitor);
  close(said);
  unlink(fifo);
  rmdir(directory);
  return 0;
}
