import Pool
import Store
import WorkerProtocol

extension Exposition {
    mutating func add(_ figures: PoolFigures) {
        family("polytask_inference_jobs", .gauge, "Inference jobs that wait or run.")
        for (kind, jobs) in [("classify", figures.classify), ("generate", figures.generate)] {
            sample(
                "polytask_inference_jobs", Double(jobs.waiting),
                ["kind": kind, "state": "waiting"])
            sample(
                "polytask_inference_jobs", Double(jobs.running),
                ["kind": kind, "state": "running"])
        }
        family("polytask_tokens_total", .counter, "Tokens read and generated for requests.")
        sample("polytask_tokens_total", Double(figures.promptTokens), ["kind": "prompt"])
        sample("polytask_tokens_total", Double(figures.completionTokens), ["kind": "completion"])
        family("polytask_worker_ready", .gauge, "Whether the compute process answers.")
        for role in WorkerRole.supervised {
            sample(
                "polytask_worker_ready", figures.ready.contains(role) ? 1 : 0,
                ["role": role.rawValue])
        }
        family(
            "polytask_worker_restarts_total", .counter,
            "Compute processes started in the place of one that ended.")
        for role in WorkerRole.supervised {
            sample(
                "polytask_worker_restarts_total",
                Double(max(0, (figures.launches[role] ?? 0) - 1)), ["role": role.rawValue])
        }
    }

    mutating func add(_ figures: StoreFigures) {
        family("polytask_runs", .gauge, "Runs by status.")
        for status in RunStatus.allCases {
            sample(
                "polytask_runs", Double(figures.runs[status] ?? 0), ["status": status.rawValue])
        }
        single(
            "polytask_training_tokens_per_second", .gauge,
            "Training speed of the runs that train now.", figures.trainingTokensPerSecond)
        single("polytask_datasets", .gauge, "Data sets stored.", Double(figures.datasets))
        single("polytask_models", .gauge, "Models stored.", Double(figures.models))
        single(
            "polytask_store_database_bytes", .gauge, "Size of the database.",
            Double(figures.databaseBytes))
        if let free = figures.freeBytes {
            single(
                "polytask_store_free_bytes", .gauge,
                "Room left on the file system of the data folder.", free)
        }
    }

    mutating func add(_ process: ProcessFigures) {
        single(
            "process_cpu_seconds_total", .counter, "Processor time of the server process.",
            process.cpuSeconds)
        single(
            "process_resident_memory_bytes", .gauge, "Memory of the server process.",
            process.residentBytes)
        single(
            "process_start_time_seconds", .gauge, "When the server started, since 1970.",
            process.startTime)
    }
}
