extension Tensor {
  /// Returns the same elements with another shape. The result shares the memory of this tensor.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) does not reshape to \(shape)")
    return Tensor(shape: shape, storage: storage, offset: offset).recorded(from: [self], passingOnTo: self) { _ in }
  }

  /// Returns a range of rows, the entries of the first axis. The result shares the memory of this tensor.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.rank >= 1 && range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let width = shape[0] == 0 ? 0 : count / shape[0]
    let part = Shape([range.count] + shape.array.dropFirst())
    return Tensor(shape: part, storage: storage, offset: offset + range.lowerBound * width)
      .recorded(from: [self]) { [node] dy in
        node?.accumulate(in: range.lowerBound * width..<range.upperBound * width) {
          kernels.axpy($0, 1, dy, range.count * width)
        }
      }
  }

  /// Returns a copy of a range of columns, the entries of the last axis.
  public func columns(_ range: Range<Int>) -> Tensor {
    let (rows, width) = (shape.rows, shape.columns)
    precondition(shape.rank >= 1 && range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(shape)")
    let part = Shape(shape.array.dropLast() + [range.count])
    return Tensor.record(part, from: [self]) { out in
      for row in 0..<rows {
        (out + row * range.count).update(from: pointer + row * width + range.lowerBound, count: range.count)
      }
    } backward: { [node] dy in
      node?.accumulate(in: 0..<rows * width) { gradient in
        for row in 0..<rows {
          kernels.axpy(gradient + row * width + range.lowerBound, 1, dy + row * range.count, range.count)
        }
      }
    }
  }

  /// Returns the rows with these indices, in this order and with repetitions: [R, C] → [indices, C].
  public func gatheredRows(_ indices: [Int32]) -> Tensor {
    let (rows, width) = (shape.rank == 0 ? 0 : shape[0], shape[0] == 0 ? 0 : count / shape[0])
    for index in indices { precondition(index >= 0 && Int(index) < rows, "row \(index) of \(shape)") }
    let part = Shape([indices.count] + shape.array.dropFirst())
    return Tensor.record(part, from: [self]) { out in
      kernels.gather_rows(out, pointer, indices, indices.count, width)
    } backward: { [node] dy in
      node?.accumulate(rows: indices, width: width) { kernels.scatter_add_rows($0, dy, indices, indices.count, width) }
    }
  }

  /// Returns the element of each row that is in the given column: [B, C] → [B].
  public func picked(_ columns: [Int]) -> Tensor {
    let width = shape.columns
    precondition(shape.rank == 2 && columns.count == shape[0], "\(columns.count) columns picked from \(shape)")
    for column in columns { precondition(column >= 0 && column < width, "column \(column) of \(shape)") }
    return Tensor.record([columns.count], from: [self]) { out in
      for (row, column) in columns.enumerated() { out[row] = pointer[row * width + column] }
    } backward: { [node, count] dy in
      node?.accumulate(in: 0..<count) { gradient in
        for (row, column) in columns.enumerated() { gradient[row * width + column] += dy[row] }
      }
    }
  }

  /// Returns the transpose of a matrix.
  public func transposed() -> Tensor {
    precondition(shape.rank == 2, "the transpose of a matrix, not of \(shape)")
    let (rows, width) = (shape[0], shape[1])
    func transpose(_ source: UnsafePointer<Float>, _ rows: Int, _ width: Int, _ out: UnsafeMutablePointer<Float>) {
      for row in 0..<rows { for column in 0..<width { out[column * rows + row] = source[row * width + column] } }
    }
    return Tensor.record([width, rows], from: [self]) { out in
      transpose(pointer, rows, width, out)
    } backward: { [node] dy in
      node?.accumulate(Tensor([rows, width]) { transpose(dy, width, rows, $0) })
    }
  }
}

/// Places matrices with the same number of rows side by side: [B, Hᵢ] → [B, Σ Hᵢ].
public func concatenatedColumns(_ parts: [Tensor]) -> Tensor {
  precondition(!parts.isEmpty, "nothing to concatenate")
  let (rows, width) = (parts[0].shape[0], parts.reduce(0) { $0 + $1.shape.columns })
  for part in parts { precondition(part.shape.rank == 2 && part.shape[0] == rows, "\(part.shape) in \(rows) rows") }
  let starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.shape.columns) }
  return Tensor.record([rows, width], from: parts) { out in
    for (part, start) in zip(parts, starts) {
      let columns = part.shape.columns
      for row in 0..<rows { (out + row * width + start).update(from: part.pointer + row * columns, count: columns) }
    }
  } backward: { dy in
    for (part, start) in zip(parts, starts) {
      let columns = part.shape.columns
      part.node?.accumulate(
        Tensor([rows, columns]) { out in
          for row in 0..<rows { (out + row * columns).update(from: dy + row * width + start, count: columns) }
        })
    }
  }
}

/// Concatenates tensors along the first axis. All other extents must be equal.
public func concatenatedRows(_ parts: [Tensor]) -> Tensor {
  precondition(!parts.isEmpty, "nothing to concatenate")
  let tail = parts[0].shape.array.dropFirst()
  for part in parts {
    precondition(part.shape.rank >= 1 && part.shape.array.dropFirst() == tail, "\(part.shape) after \(parts[0].shape)")
  }
  return Tensor.record(Shape([parts.reduce(0) { $0 + $1.shape[0] }] + tail), from: parts) { out in
    var start = out
    for part in parts {
      start.update(from: part.pointer, count: part.count)
      start += part.count
    }
  } backward: { dy in
    var start = dy
    for part in parts {
      part.node?.accumulate(start)
      start += part.count
    }
  }
}

extension Tensor {
  /// Returns the identity matrix [n, n].
  public static func identity(_ n: Int) -> Tensor {
    Tensor([n, n]) { out in
      out.update(repeating: 0, count: n * n)
      for i in 0..<n { out[i * n + i] = 1 }
    }
  }
}
