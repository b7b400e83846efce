import DistillCore

/// What an index does with vectors and queries of a length other than 1.
public enum VectorLengths: String, Sendable {
  /// Vectors are refused if their length differs from 1 by more than a thousandth. Queries may have any length.
  case unit
  /// Vectors and queries are divided by their lengths, so that inner products are cosines. A vector of zeros stays as it is.
  case normalised
  /// Nothing.
  case any
}

extension VectorLengths {
  /// What is done if nothing is said: vectors of any length have Euclidean distances.
  static func usual(by metric: VectorMetric) -> VectorLengths { metric == .euclidean ? .any : .unit }

  /// Returns vectors of length 1.
  ///
  /// - Throws: `ContractError` if a vector is not finite or, where that is refused, has another length.
  func prepared(_ vectors: Matrix) throws -> Matrix {
    try HNSWIndex.check(vectors)
    switch self {
    case .normalised: return vectors.normalised()
    case .any: return vectors
    case .unit: break
    }
    let squares = vectors.squaredNorms()
    if let row = squares.firstIndex(where: { abs($0 - 1) > 0.002 }) {
      throw ContractError(
        "vector \(row) has the length \(squares[row].squareRoot()); divide it by that, or ask for other lengths, as `lengths: .normalised`"
      )
    }
    return vectors
  }
}

extension Matrix {
  /// Returns rows of length 1. A row of zeros stays as it is.
  func normalised() -> Matrix {
    var values = values
    for (row, square) in squaredNorms().enumerated() where square > 0 {
      let factor = 1 / square.squareRoot()
      for place in row * columns..<(row + 1) * columns { values[place] *= factor }
    }
    return Matrix(rows: rows, columns: columns, values: values)
  }
}
