/* Forks while every kind of signal is sampled, in cgroups where such can be made: a child has none
   of the files of /proc, /sys and the cgroups open that its parent keeps, can begin anew with its
   own, and the parent samples on. The checks are the first argument: a JSON array. */

#include "guest.h"

#include <limits.h>
#include <sys/stat.h>

#define CHECKS 64
#define FORKS 12

static meshvitals_monitor_t *monitor;
static meshvitals_check_id_t checks[CHECKS];
static size_t count;

/* The cgroups of version 1 that this program makes for itself, so that there are files of them. */
static const char *const controllers[] = {"memory", "cpu", "cpuacct", "pids"};
static const char *const limits[][2] = {
    {"memory", "memory.limit_in_bytes"}, {"cpu", "cpu.cfs_quota_us"}, {"pids", "pids.max"}};
static char homes[4][PATH_MAX];

static int put(const char *directory, const char *file, const char *value) {
  int fd = open(TEXT("%s/%s", directory, file), O_WRONLY | O_CLOEXEC);
  int good = fd >= 0 && write(fd, value, strlen(value)) >= 0;
  if (fd >= 0) close(fd);
  return good;
}

static void move_in(void) {
  for (int i = 0; i < 4; i++) {
    snprintf(homes[i], sizeof homes[i], "/sys/fs/cgroup/%s/meshvitals-fork-%d", controllers[i],
             getpid());
    /* Where that is forbidden, or cgroups are of version 2, it stays where it is. */
    if (mkdir(homes[i], 0755) != 0 || !put(homes[i], "cgroup.procs", "0")) homes[i][0] = 0;
    for (int k = 0; k < 3; k++)
      if (homes[i][0] && strcmp(limits[k][0], controllers[i]) == 0)
        put(homes[i], limits[k][1], k == 2 ? "500" : "1000000000");
  }
}

static void move_out(void) {
  for (int i = 0; i < 4; i++) {
    if (homes[i][0] == 0) continue;
    put(TEXT("/sys/fs/cgroup/%s", controllers[i]), "cgroup.procs", "0");
    rmdir(homes[i]);
  }
}

/* How many descriptors are open, and how many of them are of the kernel's own files. */
typedef struct {
  int all, kernel, cgroup;
} open_t;

static open_t opened(void) {
  open_t found = {0, 0, 0};
  char link[PATH_MAX];
  struct dirent *entry;
  DIR *directory = opendir("/proc/self/fd");
  NEED(directory != NULL, errno);
  while ((entry = readdir(directory)) != NULL) {
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) continue;
    ssize_t length = readlink(TEXT("/proc/self/fd/%s", entry->d_name), link, sizeof link - 1);
    NEED(length >= 0, errno);
    link[length] = 0;
    found.all++;
    found.kernel += strncmp(link, "/proc/", 6) == 0 || strncmp(link, "/sys/", 5) == 0;
    found.cgroup += strncmp(link, "/sys/fs/cgroup/", 15) == 0;
  }
  closedir(directory);
  return found;
}

/* Waits until each check was sampled twice more, whatever that says of this machine. */
static void sample_all(meshvitals_subscription_t *results) {
  for (int round = 0; round < 2; round++) {
    char seen[CHECKS] = {0};
    for (size_t i = 0; i < count; i++) GOOD(meshvitals_check_now(monitor, checks[i]));
    for (size_t left = count; left > 0;) {
      meshvitals_event_t event = next_event(results);
      for (size_t i = 0; i < count; i++)
        if (event.kind == MESHVITALS_EVENT_RESULT && event.check == checks[i] && !seen[i]) {
          seen[i] = 1;
          left--;
        }
    }
  }
}

static void child(open_t before, int number) {
  alarm(SECONDS * 2);
  open_t inherited = opened();
  NEED(inherited.kernel == 0, inherited.kernel);
  NEED(inherited.all == before.all, inherited.all);
  if (number % 3 == 0) _exit(0);
  GOOD(meshvitals_monitor_start(monitor, NULL));
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  sample_all(results);
  NEED(opened().kernel > 0, opened().kernel);
  meshvitals_subscription_free(results);
  meshvitals_monitor_free(monitor);
  open_t after = opened();
  NEED(after.all == before.all && after.kernel == 0, after.all);
  if (number % 3 == 1) _exit(0);
  exit(0);
}

static void parent(const char *documents) {
  alarm(100);
  open_t before = opened();
  NEED(before.kernel == 0, before.kernel);
  monitor = monitor_with(BARE);
  meshvitals_error_t err;
  if (meshvitals_register_many(monitor, documents, checks, CHECKS, &count, &err) != 0)
    fprintf(stderr, "%s: %s\n", err.key, err.message);
  NEED(count > 20 && count <= CHECKS, count);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  GOOD(meshvitals_monitor_start(monitor, NULL));
  sample_all(results);
  open_t kept = opened();
  NEED(kept.kernel > 8, kept.kernel);
  NEED(kept.cgroup > 8 || homes[0][0] == 0, kept.cgroup);

  /* The program's own subscription is not for its children. */
  for (int i = 0; i < FORKS; i++) {
    next_event(results);
    pid_t made = fork();
    NEED(made >= 0, errno);
    if (made == 0) {
      meshvitals_subscription_free(results);
      child(before, i);
    }
    int status;
    pid_t reaped;
    while ((reaped = waitpid(made, &status, 0)) < 0 && errno == EINTR) {
    }
    NEED(reaped == made && status == 0, status);
  }

  /* The parent keeps what it had, and nothing went wrong there. */
  sample_all(results);
  open_t still = opened();
  NEED(still.kernel == kept.kernel && still.all == kept.all, still.all);
  meshvitals_check_id_t self;
  meshvitals_snapshot_t snapshot = {.struct_size = sizeof snapshot};
  GOOD(meshvitals_find(monitor, "meshvitals.self", &self));
  GOOD(meshvitals_snapshot(monitor, self, &snapshot));
  if (strstr(snapshot.message, ", 0 local faults") == NULL) {
    fprintf(stderr, "%s\n", snapshot.message);
    exit(1);
  }
  meshvitals_subscription_free(results);
  meshvitals_monitor_free(monitor);
  NEED(opened().all == before.all, opened().all);
  exit(0);
}

int main(int arguments, char **values) {
  int status;
  NEED(arguments == 2, arguments);
  move_in();
  pid_t made = fork();
  NEED(made >= 0, errno);
  if (made == 0) parent(values[1]);
  NEED(waitpid(made, &status, 0) == made, errno);
  /* However it ended, nothing is left of the cgroups. */
  move_out();
  NEED(status == 0, status);
  return 0;
}
