// SPDX-License-Identifier: MIT
// beast PORT MODE [SIZE]: the work of bench/server with Boost.Beast. One io_context, one thread.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

namespace beast = boost::beast;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace
{
constexpr std::size_t message_max_bytes = 64 * 1024 * 1024;

enum class Mode { sink, echo, broadcast };

Mode mode;
std::string record;
unsigned long long received;

class Client;
std::set<Client *> clients;

class Client : public std::enable_shared_from_this<Client>
{
  public:
    explicit Client(tcp::socket socket) : ws(std::move(socket))
    {
        clients.insert(this);
    }
    ~Client()
    {
        clients.erase(this);
    }

    void start()
    {
        ws.next_layer().set_option(tcp::no_delay(true));
        ws.read_message_max(message_max_bytes);
        ws.auto_fragment(false);
        ws.async_accept([self = shared_from_this()](beast::error_code error) {
            if (!error) {
                self->read();
            }
        });
    }

    void send_more(unsigned long count)
    {
        left += count;
        if (!is_sending && left > 0) {
            write_record();
        }
    }

  private:
    void read()
    {
        ws.async_read(buffer, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) {
                self->got();
            }
        });
    }

    void got()
    {
        received++;
        if (mode == Mode::echo) {
            ws.binary(ws.got_binary());
            ws.async_write(buffer.data(),
                           [self = shared_from_this()](beast::error_code error, std::size_t) {
                               if (!error) {
                                   self->buffer.consume(self->buffer.size());
                                   self->read();
                               }
                           });
            return;
        }
        if (mode == Mode::broadcast) {
            go(beast::buffers_to_string(buffer.data()));
        }
        buffer.consume(buffer.size());
        read();
    }

    static void go(const std::string &text)
    {
        if (text.rfind("go ", 0) == 0) {
            for (Client *client : clients) {
                client->send_more(std::strtoul(text.c_str() + 3, nullptr, 10));
            }
        }
    }

    void write_record()
    {
        is_sending = true;
        left--;
        ws.binary(true);
        ws.async_write(asio::buffer(record),
                       [self = shared_from_this()](beast::error_code error, std::size_t) {
                           self->is_sending = false;
                           if (!error) {
                               self->send_more(0);
                           }
                       });
    }

    beast::websocket::stream<tcp::socket> ws;
    beast::flat_buffer buffer;
    unsigned long left = 0;
    bool is_sending = false;
};

void accept_next(tcp::acceptor &acceptor)
{
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
        if (!error) {
            std::make_shared<Client>(std::move(socket))->start();
        }
        accept_next(acceptor);
    });
}
} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::fprintf(stderr, "beast PORT sink|echo|broadcast [SIZE]\n");
        return 2;
    }
    const std::string name = argv[2];
    mode = name == "echo" ? Mode::echo : name == "broadcast" ? Mode::broadcast : Mode::sink;
    record.assign(argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1000, 'x');

    asio::io_context context(1);
    const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
    tcp::acceptor acceptor(context, { asio::ip::address_v4::loopback(), port });
    accept_next(acceptor);
    std::printf("ws://127.0.0.1:%u/\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    context.run();
}
