/* names.h: a getaddrinfo that takes the place of the system's for the library as well. Names that
   end in ".hangs" are not answered while the gate is locked for writing, and then there are none;
   all others go to the system. Counts the threads that have asked, up to their very end. */

#ifndef NAMES_H
#define NAMES_H

#include <dlfcn.h>
#include <netdb.h>

#include "guest.h"

static pthread_rwlock_t names_gate = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t names_once = PTHREAD_ONCE_INIT;
static pthread_key_t names_key;
static atomic_int names_inside, names_threads;

/* Among the last things that a thread does, and here not the quickest: whoever believes that a
   thread is gone and does not wait for it is found out. */
static void names_thread_ends(void *value) {
  (void)value;
  for (int turn = 0; turn < 1000; turn++) sched_yield();
  names_threads--;
}

static void names_prepare(void) {
  int error = pthread_key_create(&names_key, names_thread_ends);
  NEED(error == 0, error);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list) {
  pthread_once(&names_once, names_prepare);
  if (pthread_getspecific(names_key) == NULL) {
    names_threads++;
    NEED(pthread_setspecific(names_key, &names_threads) == 0, 0);
  }
  size_t length = node == NULL ? 0 : strlen(node);
  if (length > 6 && strcmp(node + length - 6, ".hangs") == 0) {
    names_inside++;
    pthread_rwlock_rdlock(&names_gate);
    pthread_rwlock_unlock(&names_gate);
    names_inside--;
    return EAI_NONAME;
  }
  /* Through an integer, for C has no cast from an object's address to a function's. */
  uintptr_t address = (uintptr_t)dlsym(RTLD_NEXT, "getaddrinfo");
  NEED(address != 0, 0);
  return ((__typeof__(&getaddrinfo))address)(node, service, hints, list);
}

#endif
