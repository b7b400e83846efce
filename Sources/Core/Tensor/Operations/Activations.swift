/// The activation function between the two linear layers of a feed-forward block.
public enum FeedForwardActivation: Sendable {
  /// x·½·(1 + erf(x/√2)); Hendrycks and Gimpel 2016.
  case gelu
  /// The approximation of GELU by tanh, called "gelu_new" in model configurations: x·½·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
  case geluTanh
  /// max(x, 0).
  case relu
}

/// Returns activation(x + bias): x [N, F], bias [F] → [N, F].
public func activate(_ x: Tensor, bias: Tensor, with activation: FeedForwardActivation) -> Tensor {
  let (rows, columns) = (x.shape.rows, x.shape.columns)
  precondition(bias.shape == [columns], "a bias of \(bias.shape) for \(x.shape)")
  let before = x.requiresGradient || bias.requiresGradient ? Storage(count: x.count) : nil  // x + bias
  return Tensor.record(x.shape, from: [x, bias], passingOnTo: x) { out in
    x.forRows { offset, rows in
      let (out, x, before) = (out + offset, x.pointer + offset, before.map { $0.pointer + offset })
      switch activation {
      case .gelu: kernels.bias_gelu(out, before, x, bias.pointer, rows, columns)
      case .geluTanh: kernels.bias_gelu_tanh(out, before, x, bias.pointer, rows, columns)
      case .relu:
        out.update(from: x, count: rows * columns)
        kernels.bias_add(out, bias.pointer, rows, columns)
        before?.update(from: out, count: rows * columns)
        kernels.relu(out, out, rows * columns)
      }
    }
  } backward: { dy in
    guard let before else { return }
    x.forRows { offset, rows in
      let (dy, before, count) = (dy + offset, before.pointer + offset, rows * columns)
      switch activation {
      case .gelu: kernels.gelu_backward(dy, before, dy, count)
      case .geluTanh: kernels.gelu_tanh_backward(dy, before, dy, count)
      case .relu: for i in 0..<count where before[i] <= 0 { dy[i] = 0 }
      }
    }
    bias.accumulateColumnSums(dy, rows: rows)
  }
}

/// Returns the sum of word, position and type embeddings: tables [V, H], [P, H], [2, H] → [N, H].
public func embeddingSum(
  words: Tensor, positions: Tensor, types: Tensor, ids: [Int32], positionIDs: [Int32], typeIDs: [Int32]
) -> Tensor {
  let (rows, columns) = (ids.count, words.shape.columns)
  precondition(positionIDs.count == rows && typeIDs.count == rows, "ids, positions and types differ in number")
  let tables = [(words, ids, "token id"), (positions, positionIDs, "position"), (types, typeIDs, "type id")]
  for (table, indices, what) in tables {
    precondition(table.shape.rank == 2 && table.shape[1] == columns, "a table of \(what)s of shape \(table.shape)")
    for index in indices {
      precondition(index >= 0 && Int(index) < table.shape[0], "\(what) \(index) of \(table.shape[0])")
    }
  }
  return Tensor.record([rows, columns], from: [words, positions, types]) { out in
    Compute.parallel(rows, grain: 64) { range in
      ids.withUnsafeBufferPointer { ids in
        positionIDs.withUnsafeBufferPointer { positionIDs in
          typeIDs.withUnsafeBufferPointer { typeIDs in
            guard let ids = ids.baseAddress, let at = positionIDs.baseAddress, let kinds = typeIDs.baseAddress else {
              return
            }
            let start = range.lowerBound
            kernels.embedding_sum(
              out + start * columns, words.pointer, positions.pointer, types.pointer, ids + start, at + start,
              kinds + start,
              range.count, columns)
          }
        }
      }
    }
  } backward: { dy in
    for (table, indices, _) in tables {
      table.node?.accumulate(rows: indices, width: columns) {
        kernels.scatter_add_rows($0, dy, indices, rows, columns)
      }
    }
  }
}
