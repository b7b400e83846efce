/// A number that is added to the scores of attention for each head, depending on the distance between query and key (Shaw et al. 2018; in
/// this form Raffel et al. 2020, section 2.1).
///
/// The score of query i and key j of a sequence gets the number in the row of j − i, and in the column of the head.
public struct RelativeAttentionBias {
  /// The numbers, [R, A].
  public let table: Tensor
  /// The row of each distance, from the most negative one on: distance d is at d + D for the distances −D … D.
  public let rows: [Int32]

  /// Creates a bias.
  ///
  /// - Parameters:
  ///   - table: The numbers, [R, A].
  ///   - rows: The row of each distance −D … D. No sequence may have more than D + 1 tokens.
  public init(table: Tensor, rows: [Int32]) {
    precondition(table.shape.rank == 2 && !rows.count.isMultiple(of: 2), "\(rows.count) distances, \(table.shape)")
    for row in rows { precondition(row >= 0 && Int(row) < table.shape[0], "row \(row) of \(table.shape)") }
    (self.table, self.rows) = (table, rows)
  }

  func check(_ layout: AttentionLayout) {
    precondition(table.shape[1] == layout.heads, "a bias of \(table.shape) for \(layout.heads) heads")
    for offsets in [layout.queryOffsets, layout.keyOffsets] {
      for (start, end) in zip(offsets, offsets.dropFirst()) {
        precondition(end - start <= rows.count / 2 + 1, "a bias of \(rows.count) distances, \(end - start) tokens")
      }
    }
  }

  /// Returns the row of the distance between the last query and the first key. The rows of all distances of the block follow it: those of
  /// query i begin at `queries − 1 − i`, which is the place of its distance to the first key.
  fileprivate func firstRow(_ block: AttentionLayout.Block) -> Int { rows.count / 2 - (block.queries - 1) }

  /// Adds `scale` times the bias to the scores of a block.
  func add(to scores: UnsafeMutablePointer<Float>, _ block: AttentionLayout.Block, scale: Float) {
    guard block.queries > 0, block.keys > 0 else { return }
    let (first, heads) = (firstRow(block), table.shape[1])
    let numbers = Storage(count: block.distances)
    for d in 0..<block.distances {
      numbers.pointer[d] = table.pointer[Int(rows[first + d]) * heads + block.head]
    }
    for i in 0..<block.queries {
      kernels.axpy(scores + i * block.keys, scale, numbers.pointer + block.queries - 1 - i, block.keys)
    }
  }

  /// Returns room for the gradients of all blocks, or `nil` if the table needs none.
  func gradients(_ layout: AttentionLayout) -> Gradients? {
    table.node == nil ? nil : Gradients(bias: self, layout: layout)
  }

  /// The gradients on their way to the table. Each block has its own sums, and these are added in the order of the blocks, so that the
  /// result does not depend on the threads.
  struct Gradients {
    private let bias: RelativeAttentionBias
    private let layout: AttentionLayout
    /// The place of each sequence's first sum; every head has one for each distance.
    private let places: [Int]
    private let sums: Storage

    fileprivate init(bias: RelativeAttentionBias, layout: AttentionLayout) {
      (self.bias, self.layout) = (bias, layout)
      var places = [0]
      for b in 0..<layout.sequenceCount {
        let queries = layout.queryOffsets[b + 1] - layout.queryOffsets[b]
        let keys = layout.keyOffsets[b + 1] - layout.keyOffsets[b]
        places.append(places[b] + layout.heads * max(queries + keys - 1, 0))
      }
      self.places = places
      sums = Storage(zeros: max(places[layout.sequenceCount], 1))
    }

    private func place(_ block: AttentionLayout.Block) -> Int {
      places[block.sequence] + block.head * block.distances
    }

    /// Adds up the gradients of a block's scores for each distance.
    func collect(_ slope: UnsafePointer<Float>, _ block: AttentionLayout.Block) {
      let sums = sums.pointer + place(block)
      for i in 0..<block.queries {
        kernels.axpy(sums + block.queries - 1 - i, 1, slope + i * block.keys, block.keys)
      }
    }

    /// Adds `scale` times the sums to the gradient of the table.
    func deliver(scale: Float) {
      let heads = bias.table.shape[1]
      bias.table.node?.accumulate(in: 0..<bias.table.count) { gradient in
        layout.forBlocksInOrder { block in
          guard block.queries > 0, block.keys > 0 else { return }
          let (sums, first) = (sums.pointer + place(block), bias.firstRow(block))
          for d in 0..<block.distances { gradient[Int(bias.rows[first + d]) * heads + block.head] += scale * sums[d] }
        }
      }
    }
  }
}

extension AttentionLayout.Block {
  /// The number of different distances between its queries and keys.
  fileprivate var distances: Int { max(queries + keys - 1, 0) }
}
