/* meshvitals: the health engine that services, proxies and sidecars carry inside themselves.

   Generated from src/ffi by cbindgen; the comments here are the specification.

   A program that watches a database and reads its status on every request:

     meshvitals_monitor_t *monitor;
     meshvitals_error_t err;
     meshvitals_check_id_t db;
     if (meshvitals_monitor_new(NULL, &monitor, &err) != MESHVITALS_OK ||
         meshvitals_monitor_start(monitor, &err) != MESHVITALS_OK ||
         meshvitals_register(monitor, "{\"name\": \"db\", \"tcp\": {\"address\": \"127.0.0.1:5432\"}}",
                             &db, &err) != MESHVITALS_OK) {
       fprintf(stderr, "%s\n", err.message);
       return 1;
     }
     const meshvitals_cell_t *cell = meshvitals_cell(monitor, db);
     ...
     if (meshvitals_cell_status(cell, db) == MESHVITALS_STATUS_UNHEALTHY) ...   // about 1 ns
     ...
     meshvitals_monitor_free(monitor);

   Threads: every function may be called from any thread, at the same time, unless its comment
   says otherwise. The library has one background thread and starts a few more on first need;
   all signals are blocked on them.

   Fork: a child must not use what it inherits, and every call there answers
   MESHVITALS_ERROR_FORKED, whatever its other arguments are, statuses UNKNOWN, until
   meshvitals_monitor_start is called in it, for a manual monitor as well. Subscriptions must be
   made anew; freeing an inherited one closes the child's copy of its descriptor. The engine's own
   descriptors are closed in the child at once.

   Order: checks may be registered and subscriptions made before meshvitals_monitor_start and
   after it, in any order; see meshvitals_subscribe.

   Structs: set struct_size to sizeof where a struct has that field, but for the events that
   meshvitals_poll fills; leave reserved fields 0.
   Codes: 0 is success, errors are negative. Outputs are written only on success. */
#ifndef MESHVITALS_H
#define MESHVITALS_H
