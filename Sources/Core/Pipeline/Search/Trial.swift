import DistillCore
import Foundation

/// Values that a search tries.
package struct Trial: Sendable, Hashable {
  /// 0 for the pipeline as written.
  package let number: Int
  /// The values by the paths of their options, in the order of the search file.
  package let values: [YAMLValue.Entry]

  package init(number: Int, values: [YAMLValue.Entry]) { (self.number, self.values) = (number, values) }

  package static let asWritten = Trial(number: 0, values: [])

  package var name: String { number == 0 ? "as written" : "trial \(number)" }
  /// The name with the values.
  package var description: String { ([name] + settings).joined(separator: ", ") }
  var slug: String { number == 0 ? "as-written" : "trial-\(number)" }
  /// The values in the form of `--set`.
  package var settings: [String] { values.map { "\($0.key)=\($0.value.flow)" } }

  /// Draws trials that all differ. The first ones are the same, however many are drawn.
  ///
  /// If all axes are lists of not more than 100,000 combinations, these are taken in a random order. Otherwise the values are those of a
  /// sequence that fills the space evenly: uⱼ(i) = frac(sⱼ + i·φ⁻ʲ) with random sⱼ, where φ is the root of x^(d+1) = x + 1 above 1 for d
  /// axes. Kronecker's sequence with these numbers is Roberts's (2018).
  ///
  /// - Parameters:
  ///   - axes: The options and their values.
  ///   - seed: The seed.
  ///   - count: The largest number of trials. There are fewer if the lists have no more combinations.
  ///   - isNew: Whether a trial is to be tried at all.
  static func drawn(
    from axes: [SearchAxis], seed: Int, atMost count: Int, where isNew: (Trial) -> Bool = { _ in true }
  ) -> [Trial] {
    let key = RandomKey(UInt64(seed)).child("search")
    let sizes = axes.map { axis in if case .list(let values) = axis.choice { values.count } else { Int?.none } }
    let combinations = sizes.reduce(Int?.some(1)) { product, size in
      product.flatMap { product in size.map { product > 100_000 ? product : product * $0 } }
    }
    let order = combinations.flatMap { $0 <= 100_000 ? key.permutation($0) : nil }
    let phi = (0..<64).reduce(2.0) { x, _ in pow(1 + x, 1 / Double(axes.count + 1)) }
    func place(_ axis: Int, _ draw: Int) -> Double {
      if let order {
        let before = sizes[..<axis].reduce(1) { $0 * ($1 ?? 1) }
        let size = sizes[axis] ?? 1
        return (Double(order[draw] / before % size) + 0.5) / Double(size)
      }
      let shift = Double(key.child(axis).bits(0)) / 4_294_967_296
      return (shift + Double(draw + 1) * pow(phi, -Double(axis + 1))).truncatingRemainder(dividingBy: 1)
    }
    var (trials, seen): ([Trial], Set<[YAMLValue.Entry]>) = ([], [])
    for draw in 0..<(order?.count ?? 100 * count) where trials.count < count {
      let values = axes.indices.map { YAMLValue.Entry(axes[$0].path, axes[$0].value(at: place($0, draw))) }
      let trial = Trial(number: trials.count + 1, values: values)
      if seen.insert(values).inserted, isNew(trial) { trials.append(trial) }
    }
    return trials
  }
}
