import DistillCore
import Foundation

/// Teachers that were prepared before, by everything that decides what comes out: options, weights, data, seed
/// and precision. Where the files lie, and how the options spell it, does not.
struct PreparedTeachers {
  let folder: URL

  /// Digest of what decides about a prepared teacher.
  static func key(of recipe: any TeacherRecipe, card: ModelCard, texts: TaskTexts, seed: Int) throws -> String {
    var digest = SHA256()
    let parts = [
      type(of: recipe).name, recipe.yamlWithoutPaths, "\(card)", texts.fingerprint, "\(seed)", "\(Compute.precision)",
    ]
    digest.update(parts.joined(separator: "\u{0}").utf8)
    for source in recipe.sources where FileManager.default.fileExists(atPath: source.path) {
      digest.update("\(source.lastPathComponent)\u{0}\(try SHA256.hexDigest(ofFile: source))".utf8)
    }
    return digest.hexDigest
  }

  func url(_ key: String) -> URL { folder.appending(path: String(key.prefix(16))) }

  func contains(_ key: String) -> Bool { FileManager.default.fileExists(atPath: url(key).path) }

  func store(_ teacher: any Teacher, key: String) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try AtomicFolder.write(to: url(key)) { try teacher.write(to: $0) }
  }

  /// Gives a run its own copy: what happens to a run's files must not reach the other runs.
  func copy(_ key: String, to target: URL) throws {
    let source = url(key)
    try AtomicFolder.write(to: target) { folder in
      for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
        try FileManager.default.copyItem(at: source.appending(path: name), to: folder.appending(path: name))
      }
    }
  }
}
