import DistillFormats
import Foundation
import TestSupport
import Testing

/// Files that another process is writing.
struct FollowingTests {
  @Test func linesAreReadOnceWhenTheyAreWhole() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "lines")
    var follower = LineFollower(file)
    #expect(try follower.next().lines == [])
    try Data("one\ntw".utf8).write(to: file)
    #expect(try follower.next().lines == ["one"])
    #expect(try follower.next().lines == [])
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("o\nthree\n".utf8))
    let more = try follower.next()
    #expect(more.lines == ["two", "three"] && !more.isWhole)
  }

  @Test(arguments: [true, false]) func anotherFileIsReadFromItsStart(isReplaced: Bool) throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "lines")
    try Data("one\ntwo\n".utf8).write(to: file)
    var follower = LineFollower(file)
    #expect(try follower.next().isWhole)
    try Data(isReplaced ? "one\ntwo\nthree\n".utf8 : "on\n".utf8).write(to: file, options: isReplaced ? .atomic : [])
    let next = try follower.next()
    #expect(next.lines == (isReplaced ? ["one", "two", "three"] : ["on"]) && next.isWhole)
  }

  @Test func theHolderOfALockIsNamedWhileItHoldsIt() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: ".lock")
    #expect(try FileLock.holder(of: file) == nil)
    do {
      let lock = try FileLock(file)
      #expect(try FileLock.holder(of: file)?.contains("process \(getpid()) on ") == true)
      withExtendedLifetime(lock) {}
    }
    #expect(try FileLock.holder(of: file) == nil)
    try Data("process 1 on a machine that went down".utf8).write(to: file)
    #expect(try FileLock.holder(of: file) == nil)
    // To ask does not take it.
    _ = try FileLock(file)
  }
}
