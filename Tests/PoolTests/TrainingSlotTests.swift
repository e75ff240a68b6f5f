import Spec
import Store
import Testing
import WorkerProtocol

@testable import Pool

@Suite struct TrainingSlotTests {
    let lease = TrainingSlot.Lease(run: "run_1", fence: 3)
    let progress = RunProgress(
        step: 7, steps: 10, epoch: 0, tokens: 1, tokensPerSecond: 1, etaSeconds: 1,
        trainingSeconds: 1, phase: "training")

    func assigned() -> TrainingSlot {
        var slot = TrainingSlot()
        slot.assign(lease)
        return slot
    }

    @Test("Replies of another run or an older fence are dropped, their files deleted")
    func stale() {
        var slot = assigned()
        for (run, fence) in [("run_1", 2), ("run_2", 3), ("run_1", 4)] {
            #expect(slot.receive(.progress(run: run, fence: fence, progress)) == [])
            #expect(slot.receive(.stopped(run: run, fence: fence, .cancel)) == [])
            #expect(
                slot.receive(.checkpoint(run: run, fence: fence, path: "/s/c", step: 1))
                    == [.discard(path: "/s/c")])
            #expect(
                slot.receive(
                    .finished(run: run, fence: fence, path: "/s/m", parameters: 7, progress))
                    == [.discard(path: "/s/m")])
        }
        #expect(slot.lease == lease)
    }

    @Test("A checkpoint is kept, then recorded, then acknowledged")
    func checkpoint() {
        var slot = assigned()
        #expect(
            slot.receive(.checkpoint(run: "run_1", fence: 3, path: "/s/c", step: 5))
                == [.keep(lease, .checkpoint(step: 5), path: "/s/c")])
        #expect(
            slot.kept(lease, .checkpoint(step: 5), path: "/s/c", .success("abc")) == [
                .recordCheckpoint(lease, sha256: "abc", step: 5),
                .acknowledge(lease, path: "/s/c"),
            ])
    }

    @Test("When the worker dies while its checkpoint is kept, that counts before the run goes back")
    func lostWhileKeeping() {
        var slot = assigned()
        _ = slot.receive(.checkpoint(run: "run_1", fence: 3, path: "/s/c", step: 5))
        #expect(slot.workerLost("gone") == [])
        #expect(!slot.isEmpty)
        #expect(
            slot.kept(lease, .checkpoint(step: 5), path: "/s/c", .success("abc")) == [
                .recordCheckpoint(lease, sha256: "abc", step: 5),
                .release(lease, reason: "gone", charged: true), .vacate(lease),
            ])
        #expect(slot.isEmpty)
    }

    @Test("A worker that dies after its model lies complete does not cost the run")
    func lostAfterFinished() {
        var slot = assigned()
        _ = slot.receive(.finished(run: "run_1", fence: 3, path: "/s/m", parameters: 7, progress))
        #expect(slot.workerLost("gone") == [])
        #expect(
            slot.kept(lease, .model(parameters: 7), path: "/s/m", .success("abc"))
                == [.succeed(lease, sha256: "abc", parameters: 7), .vacate(lease)])
    }

    @Test("A checkpoint that cannot be kept is said, and training goes on")
    func checkpointNotKept() {
        var slot = assigned()
        _ = slot.receive(.checkpoint(run: "run_1", fence: 3, path: "/s/c", step: 5))
        let failure = WorkerFailure(code: "disk_full", message: "no space")
        let actions = slot.kept(lease, .checkpoint(step: 5), path: "/s/c", .failure(failure))
        #expect(actions.first == .discard(path: "/s/c"))
        #expect(actions.last == .acknowledge(lease, path: "/s/c"))
        #expect(slot.isComputing)
    }

    @Test("A model that cannot be kept fails the run with the reason")
    func modelNotKept() {
        var slot = assigned()
        _ = slot.receive(.finished(run: "run_1", fence: 3, path: "/s/m", parameters: 7, progress))
        let failure = WorkerFailure(code: "disk_full", message: "no space")
        let actions = slot.kept(lease, .model(parameters: 7), path: "/s/m", .failure(failure))
        #expect(actions.contains(.end(lease, .failed, failure)))
        #expect(slot.isEmpty)
    }

    @Test("A directive is sent once; cancel overrides pause, pause does not override cancel")
    func directives() {
        var slot = assigned()
        #expect(slot.direct(.pause) == [.send(.pause, lease)])
        #expect(slot.direct(.pause) == [])
        #expect(slot.direct(.cancel) == [.send(.cancel, lease)])
        #expect(slot.direct(.pause) == [])
        #expect(slot.direct(.cancel) == [])
        #expect(
            slot.receive(.stopped(run: "run_1", fence: 3, .cancel))
                == [.end(lease, .cancelled, nil), .vacate(lease)])
        #expect(slot.direct(.cancel) == [])
    }

    @Test("A pause gives the run back, as a failure of its own only where nobody asked")
    func pause() {
        func isCharged(_ slot: inout TrainingSlot) -> Bool? {
            let actions = slot.receive(.stopped(run: "run_1", fence: 3, .pause))
            guard case .release(lease, _, let charged) = actions.first else { return nil }
            return charged
        }
        var asked = assigned()
        _ = asked.direct(.pause)
        #expect(isCharged(&asked) == false)
        var unasked = assigned()
        #expect(isCharged(&unasked) == true)
    }
}
