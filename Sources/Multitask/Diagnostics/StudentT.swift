/// Student's t distribution, for intervals of means of few values.
enum StudentT {
    /// For 1, 2, 3 and 4 degrees of freedom, where the expansion is too rough.
    private static let few = [12.7062, 4.3027, 3.1824, 2.7764]
    private static let normal = 1.959963985

    /// The 97.5 % quantile at `freedom` ≥ 1 degrees of freedom: half the width of a two-sided 95 %
    /// interval in standard errors. Within 0.001: the expansion in 1/ν of Abramowitz and Stegun,
    /// 26.7.5.
    static func quantile975(_ freedom: Int) -> Double {
        precondition(freedom >= 1)
        if freedom <= few.count { return few[freedom - 1] }
        let (z, z2, nu) = (normal, normal * normal, Double(freedom))
        let first = z * (z2 + 1) / 4
        let second = z * ((5 * z2 + 16) * z2 + 3) / 96
        let third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384
        let fourth = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160
        return z + (first + (second + (third + fourth / nu) / nu) / nu) / nu
    }
}
