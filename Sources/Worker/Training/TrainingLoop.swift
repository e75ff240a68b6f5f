import Tensor
import Training
import WorkerProtocol

/// The training role: one run at a time, start to end.
struct TrainingLoop {
    var backend: any Backend
    var channel: ServerChannel
    var inbox: Inbox<WorkerRequest>

    static let onlyTrains = WorkerFailure(
        code: "internal", message: "the training worker does not serve inference")

    func run() -> Never {
        while true {
            // One at a time: a directive that came right behind its job is for the run to read.
            let request = inbox.takeFirst()
            if case .train(let job) = request {
                train(job)
            } else {
                // Directives and acknowledgements of a run that is over have no meaning.
                channel.refuse(request, Self.onlyTrains)
            }
        }
    }

    /// What of the memory that is left when a run begins its weights and activations may take; the
    /// rest is for its rows and for other processes.
    private static let memoryShare = 0.9

    private func train(_ job: TrainJob) {
        // Beyond it steps are split, where the kernel would end the process.
        backend.memoryLimitBytes = AvailableMemory.bytes().map {
            backend.bytesInUse + Int(Self.memoryShare * Double($0))
        }
        let bridge = TrainingBridge(job: job, channel: channel, inbox: inbox)
        let inputs = TrainingInputs(
            base: job.base.base.path, weights: job.base.weights?.path,
            datasets: job.datasets.mapValues(\.path), checkpoint: job.checkpoint?.path,
            scratch: job.scratch)
        do {
            let outcome = try Trainer.run(
                job.spec, inputs: inputs, backend: backend, observer: bridge)
            bridge.flush()
            switch outcome {
            case .finished(let path, let parameters, let progress):
                channel.send(
                    .finished(
                        run: job.run, fence: job.fence, path: path, parameters: parameters,
                        RunProgress(progress)))
            case .cancelled:
                channel.send(.stopped(run: job.run, fence: job.fence, .cancel))
            case .paused:
                channel.send(.stopped(run: job.run, fence: job.fence, .pause))
            }
        } catch {
            bridge.flush()
            channel.send(.failed(run: job.run, fence: job.fence, WorkerFailure(error)))
        }
        backend.clearFailure()
        backend.trim()
    }
}

extension RunProgress {
    init(_ progress: TrainingProgress) {
        self.init(
            step: progress.step, steps: progress.steps, epoch: progress.epoch,
            tokens: progress.tokens, tokensPerSecond: progress.tokensPerSecond,
            etaSeconds: progress.etaSeconds, trainingSeconds: progress.trainingSeconds,
            phase: progress.phase)
    }
}
