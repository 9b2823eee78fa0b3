"""A plain script that works through a list of jobs, and says how it is while it does.

``python script.py 9000``; meanwhile ``curl "http://127.0.0.1:9000/health?verbose"``.
"""

import logging
import sys
import threading
import time
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import meshvitals
from meshvitals.web.wsgi import Health

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
JOBS = 20


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every few seconds: they are not worth a line."""


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    monitor = meshvitals.Monitor(system_checks=False, start_spread=0)
    monitor.set_log(logging.INFO)
    monitor.register(meshvitals.Disk("/tmp"), name="scratch", interval="10s")
    # The script says that it goes on; silence of 5 seconds is a failure.
    jobs = monitor.register(meshvitals.Heartbeat(ttl="5s"), name="jobs")
    with (
        monitor,
        make_server("127.0.0.1", PORT, Health(monitor=monitor), handler_class=Quiet) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for number in range(1, JOBS + 1):
            time.sleep(0.1)
            monitor.beat(jobs, value=number)
        snapshot = monitor.snapshot("jobs")
        print(f"{snapshot.value:.0f} jobs are done, and the last check said {snapshot.status}")
        server.shutdown()


main()
