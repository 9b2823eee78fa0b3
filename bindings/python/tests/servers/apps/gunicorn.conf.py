"""What a gunicorn needs so that each of its workers watches for itself."""


def post_worker_init(worker):
    from checks import monitor

    monitor.start()
