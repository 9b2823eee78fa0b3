/* meshvitals for C++17: everything at once.

   Header-only over meshvitals.h, whose comments are the specification of what each call does, from
   which threads it may be made and who owns what. This layer owns handles, speaks std::chrono and
   std::string_view, builds documents, and holds callables for as long as the library needs them.

       namespace mv = meshvitals;
       mv::Monitor monitor;
       const mv::Check db = monitor.register_check(
           mv::CheckDocument{"db", mv::Tcp{"127.0.0.1:5432"}}.interval(2s));
       monitor.start();
       if (db.status() == mv::Status::unhealthy) ...   // no call, about 1 ns

   Errors are exceptions, or with -DMESHVITALS_EXCEPTIONS=0 (the default under -fno-exceptions)
   values of Expected<T>; see error.hpp.

   Threads: every member of Monitor may be called from any thread at the same time, except that
   moving and destroying it is like meshvitals_monitor_free: nobody else may be using it. */
#ifndef MESHVITALS_HPP
#define MESHVITALS_HPP

#include "meshvitals/callback.hpp"
#include "meshvitals/check.hpp"
#include "meshvitals/database.hpp"
#include "meshvitals/document.hpp"
#include "meshvitals/error.hpp"
#include "meshvitals/event.hpp"
#include "meshvitals/messaging.hpp"
#include "meshvitals/monitor.hpp"
#include "meshvitals/once.hpp"
#include "meshvitals/parts.hpp"
#include "meshvitals/probe.hpp"
#include "meshvitals/reason.hpp"
#include "meshvitals/result.hpp"
#include "meshvitals/service.hpp"
#include "meshvitals/snapshot.hpp"
#include "meshvitals/status.hpp"
#include "meshvitals/subscription.hpp"
#include "meshvitals/time.hpp"
#include "meshvitals/tls.hpp"

#endif
