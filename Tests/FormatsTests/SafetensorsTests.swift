import DistillFormats
import Foundation
import TestSupport
import Testing

struct SafetensorsTests {
  @Test func readsWhatPythonWroteBitForBit() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("python.safetensors")
      try #require(Data(base64Encoded: PythonFixture.base64, options: .ignoreUnknownCharacters)).write(to: url)
      let reader = try SafetensorsReader(url)
      #expect(reader.metadata == ["format": "pt", "note": "line\nand \"quote\""])
      #expect(Set(reader.names) == Set(PythonFixture.floats.keys).union(PythonFixture.integers.keys))
      for (name, expected) in PythonFixture.floats {
        #expect(reader.tensors[name]?.shape == expected.shape)
        #expect(try reader.floats(named: name).map(\.bitPattern) == expected.bits, "\(name)")
      }
      for (name, expected) in PythonFixture.integers {
        #expect(reader.tensors[name]?.shape == expected.shape)
        #expect(try reader.integers(named: name) == expected.values, "\(name)")
      }
      #expect(throws: FormatError.self) { try reader.floats(named: "i64") }
      #expect(throws: FormatError.self) { try reader.integers(named: "f32") }
      #expect(throws: FormatError.self) { try reader.floats(named: "absent") }
    }
  }

  @Test func roundTrip() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      // More elements than the reader converts at a time, and a NaN with a payload.
      let floats = (0..<40_000).map { Float($0).squareRoot() - 100 } + [Float(bitPattern: 0x7fc1_2345), -0.0]
      let integers: [Int64] = [.min, -1, 0, .max]
      var writer = SafetensorsWriter(metadata: ["format": "pt", "key": "\"/ü\n"])
      writer.add("z", shape: [1, floats.count]) { floats }
      writer.add("a \"b\"\\", shape: []) { [1.5] }
      writer.add("none", shape: [3, 0], floats: { [] })
      writer.add("ids", shape: [2, 2], integers: { integers })
      try writer.write(to: url)
      let reader = try SafetensorsReader(url)
      #expect(reader.names == ["ids", "z", "none", "a \"b\"\\"] || reader.names == ["ids", "z", "a \"b\"\\", "none"])
      #expect(reader.metadata == ["format": "pt", "key": "\"/ü\n"])
      #expect(try reader.floats(named: "z").map(\.bitPattern) == floats.map(\.bitPattern))
      #expect(try reader.floats(named: "a \"b\"\\") == [1.5])
      #expect(try reader.floats(named: "none") == [])
      #expect(try reader.integers(named: "ids") == integers)
      #expect(reader.tensors["z"] == TensorInfo(dtype: .f32, shape: [1, floats.count]))
      let length = try Data(contentsOf: url).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      #expect(length % 8 == 0)
      #expect(try names(in: folder) == ["a.safetensors"])
    }
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func everyHalfIsConvertedExactly() throws {
      let halves = (0...UInt16.max).map { $0 }
      let read = try values(dtype: "F16", of: halves)
      for (bits, value) in zip(halves, read) {
        let expected = Float(Float16(bitPattern: bits))
        #expect(value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern, "\(bits)")
      }
    }
  #endif

  @Test func doublesAreRoundedToNearest() throws {
    let doubles = [1 / 3.0, 1e300, -1e-300, 16_777_217, .infinity]
    #expect(try values(dtype: "F64", of: doubles) == doubles.map { Float($0) })
  }

  private func values<T: BitwiseCopyable>(dtype: String, of stored: [T]) throws -> [Float] {
    let data = stored.withUnsafeBytes { Data($0) }
    let header = #"{"x":{"dtype":"\#(dtype)","shape":[\#(stored.count)],"data_offsets":[0,\#(data.count)]}}"#
    var result: [Float] = []
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("x")
      try safetensors(header, data).write(to: url)
      result = try SafetensorsReader(url).floats(named: "x")
    }
    return result
  }

  @Test func writerRefusesWhatDoesNotFit() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      let refused: [(inout SafetensorsWriter) -> Void] = [
        { $0.add("a", shape: [3], floats: { [1, 2] }) },
        { $0.add("a", shape: [-1], floats: { [] }) },
        { $0.add("a", shape: [1 << 40, 1 << 40], floats: { [] }) },
        { for name in ["a", "b", "c", "d"] { $0.add(name, shape: [1 << 60], floats: { [] }) } },
        { for _ in 0..<2 { $0.add("a", shape: [1], floats: { [1] }) } },
        { $0.add("__metadata__", shape: [1], floats: { [1] }) },
      ]
      for add in refused {
        var writer = SafetensorsWriter()
        add(&writer)
        #expect(throws: FormatError.self) { try writer.write(to: url) }
        let left = try names(in: folder)
        #expect(left.isEmpty)
      }
    }
  }

  @Test func aFileShortenedAfterOpeningThrows() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      var writer = SafetensorsWriter()
      writer.add("a", shape: [100_000]) { [Float](repeating: 1, count: 100_000) }
      try writer.write(to: url)
      let reader = try SafetensorsReader(url)
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: 1000)
      let error = #expect(throws: FormatError.self) { try reader.floats(named: "a") }
      #expect(error?.message.contains("ends at byte 1000") == true)
    }
  }
}

/// A file with this header, right or wrong.
func safetensors(_ header: String, _ data: Data = Data()) -> Data {
  withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + data
}
