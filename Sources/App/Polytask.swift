@main
struct Polytask {
    static func main() { print("polytask") }
}
