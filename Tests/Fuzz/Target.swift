import Foundation

/// A file of the corpus that mutants are made of.
struct Member {
  /// Below the corpus, and below the bench that mutants are tried on.
  let path: String
  let bytes: [UInt8]
}

/// Code that reads a format, and whole files of that format.
struct Target {
  let name: String
  /// How many mutants of 1000 are its own, nearly.
  let weight: Int
  let members: [Member]
  let dictionary: [[UInt8]]
  /// Returns or throws; nothing else is allowed.
  let feed: (Member, [UInt8]) throws -> Void

  init(
    _ name: String, weight: Int, _ members: [Member], words: String = "",
    feed: @escaping (Member, [UInt8]) throws -> Void
  ) throws {
    guard !members.isEmpty else { throw FuzzError("the corpus has no file for \(name)") }
    (self.name, self.weight, self.members, self.feed) = (name, weight, members, feed)
    dictionary = words.split(separator: " ").map { Array($0.utf8) }
  }
}

/// All targets, and which mutant is whose.
struct Plan {
  let targets: [Target]
  let seed: UInt64
  private let turns: [Int]

  init(_ targets: [Target], seed: UInt64) {
    (self.targets, self.seed) = (targets, seed)
    turns = targets.indices.flatMap { repeatElement($0, count: targets[$0].weight) }
  }

  /// A function of seed and number, so that a mutant can be made again alone.
  func mutant(_ number: UInt64) -> (target: Int, member: Member, bytes: [UInt8]) {
    var random = SeededRandom(seed: seed, stream: number)
    let index = random.pick(turns)
    let target = targets[index]
    let member = random.pick(target.members)
    let other = random.pick(target.members).bytes
    var mutator = Mutator(random: random, dictionary: target.dictionary, other: other)
    return (index, member, mutator.mutant(of: member.bytes, isTensors: member.path.hasSuffix(".safetensors")))
  }
}
