import Testing

@testable import Multitask

@Suite struct ScoreMatrixTests {
    /// Three tasks one after the other. By hand: ACC = (.6+.7+.8)/3; BWT = ((.6−.9)+(.7−.8))/2;
    /// FWT = ((.3−.1)+(.5−.2))/2; forgetting of the first .95−.6 (its best was after stage 2).
    @Test("ACC, BWT, FWT and forgetting equal a computation by hand")
    func byHand() throws {
        let matrix = ScoreMatrix(
            base: [0.2, 0.1, 0.2],
            rows: [[0.9, 0.3, 0.2], [0.95, 0.8, 0.5], [0.6, 0.7, 0.8]],
            stages: [[0], [1], [2]], largerIsBetter: [true, true, true])
        #expect(abs(try #require(matrix.averageFinal) - 0.7) < 1e-12)
        #expect(abs(try #require(matrix.backwardTransfer) + 0.2) < 1e-12)
        #expect(abs(try #require(matrix.forwardTransfer) - 0.25) < 1e-12)
        #expect(abs(try #require(matrix.forgetting[0]) - 0.35) < 1e-12)
        #expect(abs(try #require(matrix.forgetting[1]) - 0.1) < 1e-12)
        #expect(matrix.forgetting[2] == nil)
    }

    @Test("For a metric where less is better, a rise is forgetting; a later gain is negative")
    func orientation() throws {
        let matrix = ScoreMatrix(
            base: [50, 0.5], rows: [[10, 0.5], [25, 0.9]], stages: [[0], [1]],
            largerIsBetter: [false, true])
        #expect(matrix.forgetting == [15, nil])
        #expect(matrix.backwardTransfer == -15)
        let better = ScoreMatrix(
            base: [50, 0.5], rows: [[10, 0.5], [8, 0.9]], stages: [[0], [1]],
            largerIsBetter: [false, true])
        #expect(better.forgetting == [-2, nil])
    }

    @Test("A task that is only watched counts in no average")
    func watched() throws {
        let matrix = ScoreMatrix(
            base: [0.2, 0.1, 30], rows: [[0.9, 0.3, 40], [0.6, 0.8, 50]],
            stages: [[0], [1]], largerIsBetter: [true, true, false])
        #expect(abs(try #require(matrix.averageFinal) - 0.7) < 1e-12)
        #expect(abs(try #require(matrix.backwardTransfer) + 0.3) < 1e-12)
        #expect(matrix.forgetting[1] == nil && matrix.forgetting[2] == nil)
    }

    @Test("One stage has no backward transfer, and nothing to forget")
    func joint() {
        let matrix = ScoreMatrix(
            base: [0, 0], rows: [[1, 1]], stages: [[0, 1]], largerIsBetter: [true, true])
        #expect(matrix.backwardTransfer == nil && matrix.forwardTransfer == nil)
        #expect(matrix.forgetting == [nil, nil])
    }

    /// Tasks 0, 1, 0 again: nothing of task 0 came before its first stage, so that FWT is task 1's
    /// alone, R[0][1] − b₁; what task 0 lost in the second stage it lost before its last.
    @Test("A task of several stages transfers forward to its first, and keeps from its last")
    func severalStages() throws {
        let stages = [[0], [1], [0], [1, 2]]
        let matrix = ScoreMatrix(
            base: [0.2, 0.1, 0.3],
            rows: [[0.9, 0.3, 0.3], [0.5, 0.8, 0.3], [0.95, 0.6, 0.4], [0.85, 0.7, 0.9]],
            stages: stages, largerIsBetter: [true, true, true])
        // Task 1: .3 − .1; task 2, first trained in the fourth stage: .4 − .3.
        #expect(abs(try #require(matrix.forwardTransfer) - 0.15) < 1e-12)
        #expect(abs(try #require(matrix.backwardTransfer) + 0.1) < 1e-12)
        #expect(matrix.learnt == [2, 3, 3] && matrix.first == [0, 1, 3])
        #expect(matrix.best == [0.95, nil, nil])
        // Where the first stage was learnt before, what it ends with is what the run starts from.
        let added = ScoreMatrix(
            base: matrix.base, rows: [matrix.base] + matrix.rows.dropFirst(), stages: stages,
            startsLearnt: true, largerIsBetter: matrix.largerIsBetter)
        #expect(abs(try #require(added.forwardTransfer) - 0.1) < 1e-12)
        let early = ScoreMatrix(
            base: matrix.base, rows: Array(matrix.rows.prefix(2)), stages: stages,
            largerIsBetter: matrix.largerIsBetter)
        // After two of the four stages task 0 was forgotten, and task 2 not trained: no part of ACC.
        #expect(abs(try #require(early.forgetting[0]) - 0.4) < 1e-12)
        #expect(abs(try #require(early.averageFinal) - 0.65) < 1e-12)
        #expect(early.learnt == [0, 1, nil])
    }
}
