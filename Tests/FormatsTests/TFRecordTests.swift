import DistillFormats
import Foundation
import TestSupport
import Testing

struct TFRecordTests {
  /// The examples of RFC 3720, appendix B.4, and the check value of the catalogue of checksums.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
      (Array("123456789".utf8), 0xE306_9283), ([], 0),
    ] as [([UInt8], UInt32)]) func theChecksumIsThatOfTheStandard(bytes: [UInt8], sum: UInt32)
  {
    #expect(CRC32C.checksum(of: bytes) == sum)
  }

  /// As TensorBoard's own `RecordWriter` frames the same bytes.
  @Test func recordsAreFramedAsTensorBoardFramesThem() throws {
    let expected = "0700000000000000bbd79f1164697374696c6cb723065c"
    #expect(hexadecimal(TFRecordWriter.framed(Array("distill".utf8))) == expected)
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "records")
    try Data("left by somebody".utf8).write(to: file)
    let writer = try TFRecordWriter(file)
    for _ in 0..<2 { try writer.write(Array("distill".utf8)) }
    #expect(hexadecimal(try Data(contentsOf: file)) == expected + expected)
  }

  @Test func aFolderIsNoFileOfRecords() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FormatError.self) { try TFRecordWriter(folder.url) }
  }

  /// Bytes of Google's own encoder for fields of the same numbers.
  @Test func numbersOfAnySizeAreEncoded() {
    var message = ProtobufMessage()
    for number in [0, 127, 128, 300, Int.max, -1] { message.add(2, integer: number) }
    #expect(
      hexadecimal(message.bytes)
        == "1000" + "107f" + "108001" + "10ac02" + "10ffffffffffffffff7f" + "10ffffffffffffffffff01")
  }

  private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
