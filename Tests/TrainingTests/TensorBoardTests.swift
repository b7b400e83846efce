import DistillCore
import DistillTraining
import Foundation
import TestSupport
import Testing

struct TensorBoardTests {
  private static let options = TrainingOptions.small()
  private static func objective() throws -> LeastSquares { try LeastSquares(score: { [0.1, 0.3, 0.2][$0 - 1] }) }

  /// A figure, without the time of its record.
  private struct Figure: Hashable {
    let tag: String
    let step: Int
    let value: Float
  }

  /// What an event file contains, read with as little as it takes: the messages have their fields in a fixed order.
  private func figures(_ file: URL) throws -> (figures: [Figure], times: [Double]) {
    var rest = [UInt8](try Data(contentsOf: file))[...]
    func number(_ count: Int) -> UInt64 {
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func varint() -> Int {
      var (value, shift) = (0, 0)
      while let byte = rest.popFirst() {
        value |= Int(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    var (figures, times) = ([Figure](), [Double]())
    while !rest.isEmpty {
      let length = Int(number(8))
      let end = rest.startIndex + 4 + length
      let checksum = number(4)
      let frame = TFRecordWriter.framed([UInt8](rest.prefix(length)))
      #expect(frame[8..<12].reversed().reduce(0) { $0 << 8 | UInt64($1) } == checksum)
      #expect(frame.suffix(4) == rest[end..<end + 4])
      #expect(varint() == 0x09)
      times.append(Double(bitPattern: number(8)))
      let key = varint()
      if key == 0x1A {
        #expect(String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self) == "brain.Event:2")
      } else {
        #expect(key == 0x10)
        let step = varint()
        #expect(varint() == 0x2A && varint() == end - rest.startIndex)
        while rest.startIndex < end {
          #expect(varint() == 0x0A)
          let valueEnd = varint() + rest.startIndex
          #expect(varint() == 0x0A)
          let name = varint()
          let tag = String(decoding: rest.prefix(name), as: UTF8.self)
          rest = rest.dropFirst(name)
          if varint() == 0x15 {
            figures.append(Figure(tag: tag, step: step, value: Float(bitPattern: UInt32(number(4)))))
          }
          rest = rest[valueEnd...]
        }
      }
      rest = rest[(end + 4)...]
    }
    return (figures, times)
  }

  private func file(_ folder: TemporaryFolder, _ phase: String = "phase") -> URL {
    folder.url.appending(path: "tensorboard/\(phase)/events.out.tfevents.distill")
  }

  /// The figures that `metrics.jsonl` has.
  private func expected(_ folder: TemporaryFolder) throws -> Set<Figure> {
    Set(
      try MetricsLog.records(in: folder.metrics).flatMap { record -> [Figure] in
        func figure(_ tag: String, _ value: Double) -> Figure {
          Figure(tag: tag, step: record.step, value: Float(value))
        }
        return switch record {
        case .step(let step):
          [figure("loss", step.loss), figure("learning_rate", step.learningRate)]
            + [figure("gradient_norm", step.gradientNorm)] + step.terms.map { figure("terms/\($0)", $1) }
        case .epoch(let epoch):
          [figure("epoch/loss", epoch.loss)] + epoch.scores.map { figure("scores/\($0)", $1) }
        case .stage: []
        }
      })
  }

  @Test func everyFigureOfTheMetricsIsThereOnce() throws {
    let folder = try TemporaryFolder()
    let start = Date.now.timeIntervalSince1970
    try folder.loop(tensorBoard: true).fit(try Self.objective(), options: Self.options, phase: "phase")
    let (figures, times) = try figures(file(folder))
    #expect(Set(figures) == (try expected(folder)))
    #expect(figures.count == Set(figures).count && figures.contains { $0.tag.hasPrefix("scores/") })
    #expect(figures.filter { $0.tag == "loss" }.map(\.step) == Array(1...9))
    #expect(times == times.sorted() && times[0] >= start && times[0] < start + 600)
  }

  @Test(arguments: [4, 6], [true, false]) func aResumedRunHasEveryStepOnce(step: Int, began: Bool) throws {
    let folder = try TemporaryFolder()
    // A process that is killed leaves steps after its last checkpoint. Files for TensorBoard may be asked for later.
    let dying = try LeastSquares(score: { [0.1, 0.3, 0.2][$0 - 1] }, factor: { $0 == step + 1 ? .nan : 1 })
    #expect(throws: TrainingError.self) {
      try folder.loop(tensorBoard: began).fit(dying, options: Self.options, phase: "phase")
    }
    #expect(FileManager.default.fileExists(atPath: file(folder).path) == began)
    try folder.loop(resumes: true, tensorBoard: true).fit(try Self.objective(), options: Self.options, phase: "phase")
    let (figures, times) = try figures(file(folder))
    #expect(figures.filter { $0.tag == "loss" }.map(\.step) == Array(1...9))
    #expect(figures.count == Set(figures).count)
    #expect(Set(figures) == (try expected(folder)))
    #expect(times == times.sorted())
  }

  @Test func aPhaseThatIsDoneKeepsItsFileWhenTheRunIsResumed() throws {
    let folder = try TemporaryFolder()
    try folder.loop().fit(try Self.objective(), options: Self.options, phase: "the teacher")
    let loop = try folder.loop(resumes: true, tensorBoard: true)
    try loop.fit(try Self.objective(), options: Self.options, phase: "student")
    for phase in ["the-teacher", "student"] {
      #expect(try figures(file(folder, phase)).figures.filter { $0.tag == "loss" }.map(\.step) == Array(1...9))
    }
  }

  @Test func nothingIsWrittenUnasked() throws {
    let folder = try TemporaryFolder()
    try folder.loop().fit(try Self.objective(), options: Self.options, phase: "phase")
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "tensorboard").path))
  }
}
