"""Watches a port until it is down: the example of the README.

``python watch.py 127.0.0.1:5432``
"""

import sys

import meshvitals
from meshvitals import Status, Tcp


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5432"
    # CPU, memory and disk are watched unless the configuration says otherwise.
    monitor = meshvitals.Monitor(memory_threshold=0.95)
    db = monitor.register(
        Tcp(address), name="db", interval="2s", timeout="500ms", tags=["readiness"]
    )
    with monitor:
        # A read takes no lock and no call: it may stand where requests are routed.
        for event in monitor.events():
            print(f"{event.name}: {event.previous} -> {event.status} ({event.reason.text})")
            if db.status == Status.UNHEALTHY:
                break
        print("ready:", monitor.group("readiness").answer)


main()
