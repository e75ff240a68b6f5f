import Spec
import Testing

@testable import Multitask

/// Goldens are numpy's and scikit-learn 1.9's, on patterns that both languages form exactly:
///
///     X = [[((i*7 + k*3) % 11 - 5) / 4 for k in range(5)] for i in range(8)]
///     Y = [[((i*5 + k*k*2) % 13 - 6) / 8 for k in range(5)] for i in range(8)] + X / 2
///     A, B = X - X.mean(0), Y - Y.mean(0)
///     cka = norm(B.T @ A)**2 / norm(A.T @ A) / norm(B.T @ B)
///     cosine = mean(x @ y / norm(x) / norm(y) for x, y in zip(X, Y))
///     PCA(2, svd_solver="full").fit_transform(X), the largest entry of each column made positive
///     P = [[10 * (k == i // 30) + (((i*37 + k*101) % 97) / 97 - .5) * 2 for k in range(6)]
///          for i in range(90)]
///     sklearn.manifold._t_sne._joint_probabilities(squared distances of P, 20, 0)
///     TSNE(2, perplexity=20, method="exact", init="pca").fit(P).kl_divergence_
@Suite struct RepresentationTests {
    private static func matrix(
        _ rows: Int, _ columns: Int, _ value: (_ row: Int, _ column: Int) -> Double
    ) -> FeatureMatrix {
        var values: [Float] = []
        for row in 0..<rows {
            for column in 0..<columns { values.append(Float(value(row, column))) }
        }
        return FeatureMatrix(rows: rows, columns: columns, values: values)
    }

    private static func pattern(_ i: Int, _ k: Int) -> Double {
        Double((i * 7 + k * 3) % 11 - 5) / 4
    }

    private let x = Self.matrix(8, 5, Self.pattern)

    private let y = Self.matrix(8, 5) { i, k in
        let own = Double((i * 5 + k * k * 2) % 13 - 6) / 8
        return own + Self.pattern(i, k) / 2
    }

    private let clusters = Self.matrix(90, 6) { i, k in
        let share = Double((i * 37 + k * 101) % 97) / 97
        let center: Double = k == i / 30 ? 10 : 0
        return center + (share - 0.5) * 2
    }

    @Test("CKA and the mean cosine are numpy's")
    func goldens() throws {
        // The features are exact in float32 and the sums are formed in double.
        let cka = try #require(LinearCKA(x).alignment(with: y))
        #expect(abs(cka - 0.7932969452902) < 1e-12)
        #expect(abs(x.meanCosine(y) - 0.7502212563980574) < 1e-12)
    }

    @Test("CKA does not see rotation, scale or shift, and is undefined where nothing varies")
    func invariance() throws {
        // Two axes turned by 3-4-5, all doubled and shifted: exact to float32's rounding.
        let turned = (0..<40).map { place -> Float in
            let row = place / 5 * 5
            let (a, b) = (x.values[row], x.values[row + 1])
            let value =
                switch place % 5 {
                case 0: 0.6 * a - 0.8 * b
                case 1: 0.8 * a + 0.6 * b
                default: x.values[place]
                }
            return 2 * value + Float(place % 5)
        }
        let other = FeatureMatrix(rows: 8, columns: 5, values: turned)
        #expect(abs(try #require(LinearCKA(x).alignment(with: other)) - 1) < 1e-6)
        #expect(x.meanCosine(x) > 1 - 1e-12)
        let still = FeatureMatrix(rows: 8, columns: 1, values: [Float](repeating: 3, count: 8))
        #expect(LinearCKA(still).alignment(with: still) == nil)
    }

    @Test("Principal components are scikit-learn's, signs included")
    func components() {
        let expected = [
            (1.60142, 0.416974), (-1.420763, -0.331804), (0.965587, -1.040051),
            (0.671279, 1.70794), (-1.219517, -0.444018), (1.166833, -1.152265),
            (-0.746568, 1.399455), (-1.018271, -0.556232),
        ]
        let found = PrincipalComponents(x)
        for (point, wanted) in zip(found.coordinates, expected) {
            // The goldens have six decimals.
            #expect(abs(point.x - wanted.0) < 1e-5 && abs(point.y - wanted.1) < 1e-5)
        }
        #expect(abs(found.explained[0] - 0.42256827) < 1e-7)
        #expect(abs(found.explained[1] - 0.32783346) < 1e-7)
    }

    private var distances: [Double] {
        let products = clusters.products(clusters)
        return (0..<8100).map { place in
            let (i, j) = (place / 90, place % 90)
            return products[i * 91] + products[j * 91] - 2 * products[place]
        }
    }

    @Test("Neighbour probabilities are scikit-learn's")
    func probabilities() {
        let p = TSNE.joint(distances, 90, perplexity: 20)
        // Both stop the search for σ at an entropy within 1e-5; theirs runs on float32.
        for (place, wanted) in [
            (1, 0.00024306622583084337), (29, 0.0008820834167332724),
            (5 * 90 + 17, 0.00024835573617276984),
        ] {
            #expect(abs(p[place] / wanted - 1) < 1e-3, "\(p[place]) for \(wanted)")
        }
        #expect(abs(p.reduce(0, +) - 1) < 1e-6)
    }

    @Test("t-SNE keeps clusters apart, as well as scikit-learn does, and again the same")
    func neighbours() {
        let start = PrincipalComponents(clusters).coordinates
        let map = TSNE(distances: distances, start: start, perplexity: 20)
        // scikit-learn's divergence is 0.0300 from three seeds.
        #expect(map.divergence > 0.02 && map.divergence < 0.045, "\(map.divergence)")
        for i in 0..<90 {
            let nearest = (0..<90).filter { $0 != i }.min { a, b in
                func away(_ j: Int) -> Double {
                    let (dx, dy) = (
                        map.coordinates[i].x - map.coordinates[j].x,
                        map.coordinates[i].y - map.coordinates[j].y
                    )
                    return dx * dx + dy * dy
                }
                return away(a) < away(b)
            }
            #expect(nearest.map { $0 / 30 } == i / 30)
        }
    }

    @Test("Degenerate maps are maps: few rows, equal rows, no variance")
    func degenerate() {
        for rows in [1, 2, 4] {
            let same = FeatureMatrix(
                rows: rows, columns: 3, values: [Float](repeating: 1, count: 3 * rows))
            let map = RepresentationMap(
                before: same, after: same, tasks: (0..<rows).map { _ in 0 })
            let all = map.principal.before + map.principal.after + map.neighbours.after
            #expect(all.count == 3 * rows && all.joined().allSatisfy(\.isFinite))
        }
        let map = RepresentationMap(before: x, after: y, tasks: Array(0..<8))
        #expect(map == RepresentationMap(before: x, after: y, tasks: Array(0..<8)))
    }
}
