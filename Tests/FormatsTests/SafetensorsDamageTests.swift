import DistillFormats
import Foundation
import TestSupport
import Testing

struct SafetensorsDamageTests {
  private func open(_ data: Data, in folder: URL) throws -> SafetensorsReader {
    let url = folder.appendingPathComponent("damaged")
    try data.write(to: url)
    return try SafetensorsReader(url)
  }

  private func fixture() throws -> Data {
    try #require(Data(base64Encoded: PythonFixture.base64, options: .ignoreUnknownCharacters))
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = try fixture()
    try TemporaryFolder.with { folder in
      for size in 0..<whole.count {
        #expect(throws: FormatError.self, "\(size) bytes") { try open(whole.prefix(size), in: folder) }
      }
      #expect(throws: FormatError.self) { try open(whole + [0], in: folder) }
    }
  }

  @Test func randomDamageIsRefusedOrHarmless() throws {
    let whole = try fixture()
    let header = 8 + Int(whole[0]) + Int(whole[1]) << 8
    let seed: UInt64 = 20_240_607
    var random = SplitMix(state: seed)
    var opened = 0
    try TemporaryFolder.with { folder in
      for i in 0..<2000 {
        var data = whole
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          // The header is what can be misunderstood, so most of the damage goes there; digits make likelier numbers.
          let at = Int.random(in: 0..<(i % 8 == 0 ? data.count : header), using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: data[at] = UInt8.random(in: 0...255, using: &random)
          case 1: data[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
          case 2: data[at] = UInt8.random(in: 48...57, using: &random)
          default: data.swapAt(at, Int.random(in: 8..<header, using: &random))
          }
        }
        do {
          let reader = try open(data, in: folder)
          opened += 1
          for (name, info) in reader.tensors {
            #expect(info.byteCount <= data.count, "seed \(seed), \(i)")
            if let floats = try? reader.floats(named: name) {
              #expect(floats.count == info.count, "seed \(seed), \(i)")
            }
            if let values = try? reader.integers(named: name) {
              #expect(values.count == info.count, "seed \(seed), \(i)")
            }
          }
        } catch is FormatError {}
      }
    }
    #expect((1..<1500).contains(opened), "the damage should be neither always seen nor never: \(opened)")
  }

  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "twice"
    ),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "twice"),
    (#"{"__metadata__":{"k":"1","k":"2"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "twice"),
    (#"{"__metadata__":{},"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "twice"),
    (#"{"__metadata__":{"k":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "no '\"'"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "non-negative"),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, "no ','"),
    (#"{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,8]}}"#, "non-negative"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, "too large"),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[\#(String(repeating: "1,", count: 64))2],"data_offsets":[0,8]}}"#, "more than 64"),
    (#"{"\#(String(repeating: "n", count: 200))":{"dtype":"F33","shape":[],"data_offsets":[0,4]}}"#, "nn…' has the"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "needs 12 bytes"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "span -8"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, "two 'data_offsets'"),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, "unknown element type 'F33'"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":"y"}}"#, "unknown property 'x'"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "hole"),
    (
      #"{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
      "overlaps"
    ),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, "truncated"),
    (#"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#, "truncated"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "after the last tensor"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}x"#, "after the end"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "no ','"),
    (#"{"a\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "no valid JSON"),
    (#"{"a\"#, "without an end"),
    ("{" + String(repeating: "[", count: 100_000), "no '\"'"),
    ("{}", "after the last tensor"),
  ])
  func lyingHeadersAreRefused(header: String, reason: String) throws {
    try TemporaryFolder.with { folder in
      let error = #expect(throws: FormatError.self) { try open(safetensors(header, Data(count: 8)), in: folder) }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
  }

  @Test(arguments: [
    (Data(), "is empty"),
    (Data("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90868376\n".utf8), "git lfs pull"),
    (Data("\n <!DOCTYPE html><html><body>Not found</body></html>".utf8), "web page"),
    (Data([0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 60)), "pytorch_model.bin"),
    (Data([0x80, 2, 0x8a, 0x0a] + [UInt8](repeating: 1, count: 60)), "pickle"),
    (Data([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7b, 0x7d]), "not a safetensors file"),
    (Data([100, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]), "truncated: its header alone needs 108 bytes, 10 found"),
    (safetensors("[]"), "not a safetensors file"),
  ])
  func otherFilesAreRecognised(data: Data, reason: String) throws {
    try TemporaryFolder.with { folder in
      let error = #expect(throws: FormatError.self) { try open(data, in: folder) }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
  }

  @Test func aHeaderThatNoModelNeedsIsRefused() throws {
    try TemporaryFolder.with { folder in
      let header = "{}" + String(repeating: " ", count: 24_999_998)
      let none = try open(safetensors(header), in: folder).names
      #expect(none.isEmpty)
      let error = #expect(throws: FormatError.self) { try open(safetensors(header + " "), in: folder) }
      #expect(error?.message.contains("header of 25000001 bytes, where at most 25000000 are read") == true)
    }
  }

  @Test func foldersAndMissingFilesAreRefused() throws {
    try TemporaryFolder.with { folder in
      let missing = folder.appendingPathComponent("missing")
      #expect(throws: FormatError.self) { try SafetensorsReader(folder) }
      let error = #expect(throws: FormatError.self) { try SafetensorsReader(missing) }
      #expect(error?.description == "\(missing.path): cannot open it: No such file or directory (errno 2)")
    }
  }
}
