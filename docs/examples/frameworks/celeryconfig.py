task_always_eager = True  # in tests; elsewhere broker_url and result_backend stand here
task_eager_propagates = True
