import Foundation

/// Guesses what a file is that is not a valid safetensors file, so that the error message can say how to get a valid one.
///
/// The usual causes are an unfinished download, a web page or a Git LFS pointer in place of the file, and other formats.
enum FileGuess {
  static func message(head: [UInt8], size: Int, headerLength: UInt64) -> String {
    let text = String(decoding: head, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    let convert = "save the model again as safetensors, `model.save_pretrained(folder)` in transformers"
    if size == 0 { return "is empty; fetch it again" }
    if text.hasPrefix("version https://git-lfs") {
      return "is a Git LFS pointer, not the weights; run `git lfs pull` where it was cloned"
    }
    if text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml") {
      return "is a web page, not weights; fetch the file itself (on Hugging Face, /resolve/ instead of /blob/)"
    }
    if head.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
      return "is a zip archive, as pytorch_model.bin is, not safetensors; \(convert)"
    }
    if head.starts(with: [0x80, 0x02]) { return "looks like a Python pickle, not safetensors; \(convert)" }
    if head.starts(with: Array("GGUF".utf8)) { return "is a GGUF file, not safetensors; \(convert)" }
    if size >= 9, head[8] == UInt8(ascii: "{"), headerLength <= 100_000_000 {
      if headerLength > SafetensorsReader.headerLimit {
        return "has a header of \(headerLength) bytes, where at most \(SafetensorsReader.headerLimit) are read; "
          + "save the model in several files of fewer tensors"
      }
      return "is truncated: its header alone needs \(headerLength + 8) bytes, \(size) found; fetch or write it again"
    }
    return "is not a safetensors file: it does not begin with a length and a header"
  }
}
