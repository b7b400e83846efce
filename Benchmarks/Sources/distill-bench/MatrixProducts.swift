import DistillTensor
import Foundation

/// What the matrix products of a step would allow if nothing else took time.
enum MatrixProducts {
  private static let side = 2048

  /// GFLOP/s from the seconds of ``bestSeconds()``.
  static func rate(_ seconds: Double) -> Double { 2 * Double(side * side * side) / seconds / 1e9 }

  /// The fastest of five products of two large matrices, by the BLAS and the threads that a step has.
  static func bestSeconds() -> Double {
    let a = Tensor(repeating: 0.5, [side, side])
    let seconds = (0..<5).map { _ in
      let started = ContinuousClock.now
      _ = matmul(a, a)
      return started.duration(to: .now) / .seconds(1)
    }
    return seconds.min() ?? .infinity
  }

  private static let width = 384.0
  private static let inner = 1536.0
  private static let heads = 12.0

  /// Floating-point operations of the matrix products that a case needs for sequences of these lengths, counted from shapes.
  ///
  /// The last layer is read at [CLS] only and works on those rows; it reads the others twelve times, once a head, or where
  /// its attention maps are read has queries, keys and values of all rows.
  static func operations(_ work: Case.Work, lengths: [Int]) -> Double? {
    let tokens = Double(lengths.reduce(0, +)), squares = lengths.reduce(0.0) { $0 + Double($1 * $1) }
    let sequences = Double(lengths.count)
    func layers(_ count: Int, readsMaps: Bool = false) -> Double {
      let projections = 2 * 3 * width * width  // queries, keys and values of a row
      let perRow = projections + 2 * (width * width + 2 * width * inner)  // output and the feed-forward block
      let attention = 4 * width * squares
      let top =
        readsMaps
        ? tokens * projections + attention + sequences * (perRow - projections)
        : sequences * perRow + 4 * heads * width * tokens
      return Double(count - 1) * (tokens * perRow + attention) + top
    }
    switch work {
    case .reaugkd: return layers(6) + 3 * layers(3)
    case .reaugkdCached: return 3 * layers(3)
    case .internalRepresentations: return layers(6, readsMaps: true) + 3 * layers(3, readsMaps: true)
    case .fineTuning: return 3 * layers(6)
    case .inference: return layers(3)
    case .tokenizer: return nil
    }
  }
}
