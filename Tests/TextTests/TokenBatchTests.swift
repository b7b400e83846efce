import DistillText
import Testing

@Suite struct TokenBatchTests {
  private let lengths = [3, 1, 4, 2]

  private var batch: TokenBatch {
    let sequences = lengths.enumerated().map { index, length in
      TokenSequence(
        ids: (0..<length).map { Int32(10 * index + $0) }, typeIDs: [Int32](repeating: Int32(index % 2), count: length))
    }
    return TokenBatch(sequences, targets: [.label(0), .label(1), .score(2), .label(3)], examples: [7, 5, 9, 1])
  }

  @Test func sequencesLieEndToEnd() {
    #expect(batch.ids == [0, 1, 2, 10, 20, 21, 22, 23, 30, 31])
    #expect(batch.typeIDs == [0, 0, 0, 1, 0, 0, 0, 0, 1, 1])
    #expect(batch.offsets == [0, 3, 4, 8, 10])
    #expect((batch.sequenceCount, batch.tokenCount) == (4, 10))
    #expect((batch.firstToken, batch.firstSequence, batch.firstAttention) == (0, 0, 0))
  }

  @Test func slicesKnowTheirPlace() {
    let slice = batch.slice(1..<3)
    #expect(slice.ids == [10, 20, 21, 22, 23])
    #expect(slice.typeIDs == [1, 0, 0, 0, 0])
    #expect(slice.offsets == [0, 1, 5])
    #expect(slice.targets == [.label(1), .score(2)])
    #expect(slice.examples == [5, 9])
    #expect((slice.firstToken, slice.firstSequence, slice.firstAttention) == (3, 1, 9))
  }

  @Test func slicesOfSlicesAreSlicesOfTheWhole() {
    for start in 0...4 {
      for end in start...4 {
        let slice = batch.slice(start..<end)
        #expect(slice.slice(0..<slice.sequenceCount) == slice)
        for inner in 0...slice.sequenceCount {
          #expect(slice.slice(inner..<slice.sequenceCount) == batch.slice(start + inner..<end))
        }
      }
    }
  }

  @Test func aBatchMayBeEmpty() {
    let empty = TokenBatch([], examples: [])
    #expect(empty.offsets == [0])
    #expect(empty.targets.isEmpty)
    #expect(empty == empty.slice(0..<0))
  }
}
